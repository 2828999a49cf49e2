"""multiprocessing.Process, Pool, ProcessPoolExecutor and Manager, by every start method."""
import unittest

from support import METHODS, ProbeCase

PROCESSES = '''
    import multiprocessing, os, sys, time

    def work(number, pause=0): time.sleep(pause)
    def fail(): raise ValueError('no good')
    def leave(status): sys.exit(status)
    def forever(): time.sleep(100)

    class Special(multiprocessing.Process):
        def run(self): os._exit(5)

    class Odd:
        def __repr__(self): print('never called')
        def __reduce__(self): return Odd, ()

    def main():
        children = [
            multiprocessing.Process(target=work, args=(1,), kwargs={'pause': 0}, name='worker bee'),
            multiprocessing.Process(target=fail),
            multiprocessing.Process(target=leave, args=(7,), daemon=True),
            multiprocessing.Process(target=leave, args=(-1,)),
            Special(),
            multiprocessing.Process(target=forever, args=()),
            multiprocessing.Process(target=forever),
            multiprocessing.Process(target=work, args=(Odd(),)),
        ]
        for child in children:
            child.start()
            if child.name in ('Process-6', 'Process-7'):
                child.terminate() if child.name == 'Process-6' else child.kill()
            child.join()
        print([child.exitcode for child in children])

    if __name__ == '__main__':
        multiprocessing.set_start_method(sys.argv[1])
        main()
'''
NAMES = ['worker bee', 'Process-2', 'Process-3', 'Process-4', 'Special-5', 'Process-6', 'Process-7', 'Process-8']
ENDINGS = [(0, None), (1, None), (7, None), (255, None), (5, None), (None, 'SIGTERM'), (None, 'SIGKILL'), (0, None)]

POOLS = '''
    import multiprocessing, sys
    from concurrent.futures import ProcessPoolExecutor

    def square(number): return number * number

    if __name__ == '__main__':
        multiprocessing.set_start_method(sys.argv[1])
        with multiprocessing.Pool(2) as pool:
            print(pool.map(square, range(5)))
            pool.close()
            pool.join()
        with ProcessPoolExecutor(2) as executor:
            print(list(executor.map(square, range(5))))
        with multiprocessing.Manager() as manager:
            print(list(manager.list([1, 2])))
'''


class Processes(ProbeCase):
    def test_processes(self):
        for method in METHODS:
            with self.subTest(method):
                self.check(self.observe(PROCESSES, method), method)

    def check(self, run, method):
        root = run.root
        spawns = run.of('spawn', id=root)
        self.assertEqual([spawn['name'] for spawn in spawns], NAMES)
        self.assertEqual({spawn['method'] for spawn in spawns}, {method})
        self.assertEqual([spawn['daemon'] for spawn in spawns], [name == 'Process-3' for name in NAMES])
        self.assertEqual([spawn['target']['function'] for spawn in spawns],
                         ['work', 'fail', 'leave', 'leave', 'Special.run',
                          'forever', 'forever', 'work'])
        self.assertEqual([spawn['target']['line'] for spawn in spawns], [4, 5, 6, 6, 10, 7, 7, 4])
        self.assertEqual([spawn.get('args') for spawn in spawns],
                         ['1, pause=0', None, '7', '-1', None, None, None, '<Odd>'])
        self.assertEqual({(spawn['site']['line'], spawn['site']['function']) for spawn in spawns}, {(28, 'main')})
        for spawn, name, (code, signal) in zip(spawns, NAMES, ENDINGS):
            reaps = run.of('reap', child=spawn['child']) + run.of('reap', child=spawn['child'].split('.')[0])
            self.assertEqual({(reap['code'], reap['signal']) for reap in reaps}, {(code, signal)}, name)
            if (method, code) != ('forkserver', 255):  # 255 is also what a broken pipe to the server reads as
                self.assertIn(root, {reap['id'] for reap in reaps}, name)
            if signal is None:
                self.check_child(run, spawn, code)
        kill = run.one('signal', to=spawns[6]['child'])
        self.assertEqual((kill['signal'], kill['via'], kill['site']['line']), ('SIGKILL', 'Process.kill', 30))

    def check_child(self, run, spawn, code):
        child, method = spawn['child'], spawn['method']
        starts = run.of('start', id=child)
        self.assertEqual(len(starts), 1)
        if method == 'fork':
            self.assertEqual((starts[0]['method'], starts[0]['name'], starts[0]['parent']), ('fork', spawn['name'], run.root))
        else:
            about = run.one('self', id=child)
            self.assertEqual((about['method'], about['name'], about['daemon'], about.get('target')),
                             (method, spawn['name'], spawn['daemon'], spawn['target']))
        last = run.one('exit', id=child)
        self.assertEqual((last['code'], last['signal']), (code, None))
        self.assertGreater(last['rss'], 1e6)
        self.assertGreaterEqual(last['cpu'], 0)
        errors = run.of('error', id=child)
        self.assertEqual([(error['type'], error['message']) for error in errors],
                         [('ValueError', 'no good')] if spawn['name'] == 'Process-2' else [])
        for error in errors:
            self.assertTrue(error['traceback'].startswith('Traceback (most recent call last):\n'))
            self.assertTrue(error['traceback'].endswith(
                ", line 5, in fail\n    def fail(): raise ValueError('no good')\nValueError: no good\n"), error['traceback'])

    def test_workers(self):
        for method in METHODS:
            with self.subTest(method):
                run = self.observe(POOLS, method)
                spawns = run.of('spawn', id=run.root)
                roles = [spawn['role'] for spawn in spawns]
                self.assertEqual(roles[:2], ['worker', 'worker'])
                self.assertEqual(roles[-1], 'helper')
                self.assertEqual(set(roles[2:-1]), {'worker'})
                self.assertTrue(spawns[-1]['name'].startswith('SyncManager-'))
                for spawn in spawns:
                    self.assertTrue(run.of('reap', child=spawn['child'], id=run.root), spawn)

    def test_main_process_names_itself(self):
        run = self.observe('import multiprocessing')
        self.assertEqual(run.one('self')['name'], 'MainProcess')

    def test_renaming(self):
        run = self.observe('''
            import multiprocessing
            multiprocessing.current_process().name = 'Conductor'
            print(multiprocessing.current_process())
        ''')
        self.assertEqual([event['name'] for event in run.of('self')], ['MainProcess', 'Conductor'])

    def test_grandchildren(self):
        run = self.observe('''
            import multiprocessing
            def leaf(): pass
            def branch():
                child = multiprocessing.get_context('fork').Process(target=leaf)
                child.start()
                child.join()
            if __name__ == '__main__':
                child = multiprocessing.get_context('fork').Process(target=branch)
                child.start()
                child.join()
        ''')
        branch = run.one('spawn', id=run.root)['child']
        leaf = run.one('spawn', id=branch)
        self.assertEqual(leaf['target']['function'], 'leaf')
        self.assertEqual(run.one('start', id=leaf['child'])['parent'], branch)
        self.assertEqual(run.one('reap', child=leaf['child'])['id'], branch)

    def test_raw_forks_around_processes(self):
        run = self.observe('''
            import multiprocessing, os
            def fork():
                pid = os.fork()
                if not pid:
                    os._exit(3)
                print(os.waitpid(pid, 0)[1], flush=True)
            if __name__ == '__main__':
                context = multiprocessing.get_context('fork')
                child = context.Process(target=fork)
                child.start()
                child.join()
                try: multiprocessing.get_context('spawn').Process(target=lambda: None).start()
                except Exception: fork()
        ''')
        process = run.one('spawn', method='fork')['child']
        forked = run.of('start', method='os.fork')
        self.assertEqual([start['parent'] for start in forked], [process, run.root])
        for start in forked:
            self.assertEqual(run.one('reap', child=start['id'])['code'], 3)
            self.assertEqual(start['site']['function'], 'fork')

    def test_a_start_that_fails_prints_the_same(self):
        self.observe('''
            import multiprocessing
            if __name__ == '__main__':
                multiprocessing.get_context('spawn').Process(target=lambda: None).start()
        ''')

    def test_nothing_of_ours_is_on_the_stack(self):
        self.observe('''
            import multiprocessing, sys, traceback
            def work():
                traceback.print_stack(file=sys.stdout)
                sys.stdout.flush()
            if __name__ == '__main__':
                for method in ('fork', 'spawn', 'forkserver'):
                    child = multiprocessing.get_context(method).Process(target=work)
                    child.start()
                    child.join()
        ''')

    def test_no_reference_to_the_programs_objects_is_kept(self):
        self.observe('''
            import gc, multiprocessing, weakref
            class Load: pass
            def work(load): pass
            if __name__ == '__main__':
                gc.disable()
                load = Load()
                child = multiprocessing.get_context('fork').Process(target=work, args=(load,))
                gone = weakref.ref(load), weakref.ref(child)
                child.start()
                del load
                print(gone[0]())
                child.join()
                del child
                print(gone[1]())
        ''')


if __name__ == '__main__':
    unittest.main()
