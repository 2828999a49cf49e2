"""Stacks that a program prints of itself: no frame of ours is in one while a thread waits, dies, or handles a signal."""
import importlib.util
import subprocess
import sys
import unittest

from support import ProbeCase

# Each way to wait for a child of 0.6 s; `waits` names them.
WAITS = '''
    import asyncio, faulthandler, multiprocessing, os, signal, subprocess, sys, threading, time, traceback

    def child():
        return subprocess.Popen(['sleep', '0.6'])
    def forked():
        pid = os.fork()
        if not pid:
            time.sleep(0.6)
            os._exit(3)
        return pid
    def process():
        started = multiprocessing.get_context('fork').Process(target=time.sleep, args=(0.6,))
        started.start()
        return started
    async def awaited():
        await (await asyncio.create_subprocess_exec('sleep', '0.6')).wait()

    waits = {
        'run': lambda: subprocess.run(['sleep', '0.6']),
        'communicate': lambda: child().communicate(),
        'wait': lambda: (child(), os.wait()),
        'wait3': lambda: (child(), os.wait3(0)),
        'wait4': lambda: os.wait4(child().pid, 0),
        'waitpid': lambda: os.waitpid(forked(), 0),
        'waitid': lambda: os.waitid(os.P_PID, forked(), os.WEXITED),
        'spawn': lambda: os.spawnlp(os.P_WAIT, 'sleep', 'sleep', '0.6'),
        'system': lambda: os.system('sleep 0.6'),
        'join': lambda: process().join(),
        'asyncio': lambda: asyncio.run(awaited()),
    }
'''


def installed(name):
    return unittest.skipUnless(importlib.util.find_spec(name), '%s is not installed' % name)


@unittest.skipUnless(sys.implementation.name == 'cpython', 'on PyPy there is a frame of ours around waits')
class Stacks(ProbeCase):
    def check(self, source, *args, **options):
        run = self.observe(WAITS + source, *args, **options)
        self.assertNotIn(b'<procession', run.result.stdout + run.result.stderr)
        self.assertIn(b'program.py', run.result.stdout + run.result.stderr)
        return run

    def test_dumps_of_a_waiting_thread(self):
        self.check('''
    for name, wait in waits.items():
        print(name, flush=True)
        faulthandler.dump_traceback_later(0.3, file=sys.stdout)
        wait()
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.flush()
    ''')

    def test_stacks_taken_by_another_thread(self):
        self.check('''
    def watchdog():
        time.sleep(0.3)
        print(''.join(traceback.format_stack(sys._current_frames()[threading.main_thread().ident])))
    for name, wait in waits.items():
        print(name)
        thread = threading.Thread(target=watchdog)
        thread.start()
        wait()
        thread.join()
    ''')

    def test_handlers_that_print_their_stack(self):
        self.check('''
    signal.signal(signal.SIGALRM, lambda number, frame: traceback.print_stack(frame, file=sys.stdout))
    for name in ('run', 'wait', 'waitpid', 'join'):
        print(name, flush=True)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        waits[name]()
    ''')

    def test_handlers_of_the_end_of_a_child(self):
        """The signal comes with the end, so its handler runs at the very instruction that follows the wait."""
        self.check('''
    signal.signal(signal.SIGCHLD, lambda number, frame: traceback.print_stack(frame, file=sys.stdout))
    for name in ('run', 'wait', 'waitpid', 'waitid', 'join'):
        print(name, flush=True)
        waits[name]()
    ''')

    def test_handlers_that_raise_when_a_child_ends(self):
        self.observe('''
            import os, signal
            class Ended(Exception): pass
            def handler(*_): raise Ended
            signal.signal(signal.SIGCHLD, handler)
            count = 0
            for _ in range(100):
                try:
                    pid = os.fork()
                    if not pid: os._exit(0)
                    os.waitpid(pid, 0)
                    for _ in range(100): pass
                except Ended:
                    count += 1
            print(count)
        ''')

    def test_signals_to_oneself(self):
        run = self.check('''
    signal.signal(signal.SIGUSR1, lambda number, frame: traceback.print_stack(frame, file=sys.stdout))
    def send(pid):
        for name in ('kill', 'killpg'):
            getattr(os, name)(os.getpid() if name == 'kill' else 0, signal.SIGUSR1)
    os.setpgid(0, 0)
    send(os.getpid())
    ''')
        self.assertEqual([event['via'] for event in run.of('signal')], ['os.kill', 'os.killpg'])

    def test_a_signal_as_the_target_of_a_thread(self):
        run = self.observe(WAITS + '''
    faulthandler.enable(file=sys.stdout)
    timer = threading.Timer(0.1, os.kill, args=(os.getpid(), signal.SIGABRT))
    timer.start()
    timer.join()
    ''', compare=False)  # now and then faulthandler itself crashes here
        self.assertNotIn(b'<procession', run.result.stdout + run.result.stderr)
        self.assertEqual(run.one('signal')['via'], 'os.kill')

    def test_crashes(self):
        for number in ('SIGSEGV', 'SIGABRT', 'SIGFPE', 'SIGBUS'):
            with self.subTest(number):
                run = self.check('''
    faulthandler.enable(file=sys.stdout)
    def deep(): os.kill(os.getpid(), signal.%s)
    deep()
    ''' % number)
                sent = run.one('signal')
                self.assertEqual((sent['to'], sent['signal'], sent['via'], sent['site']['function']),
                                 (run.root, number, 'os.kill', 'deep'))

    def test_results_and_errors(self):
        run = self.observe('''
            import os, signal, traceback
            def attempt(call, *args):
                try: print(call(*args))
                except BaseException: traceback.print_exc()
            attempt(os.kill, os.getpid(), 0)
            for pid in (2 ** 22 + 5, 2 ** 80, 'x', None, 1.5):
                for number in (0, 15, 1000, -1, 'x'):
                    try: print(os.kill(pid, number))
                    except BaseException: traceback.print_exc()
                    try: print(os.killpg(pid, number))
                    except BaseException: traceback.print_exc()
            for args in ((), (1,), (1, 2, 3)):
                attempt(os.waitpid, *args)
                attempt(os.waitid, *args)
            for wrong in (lambda: os.kill(), lambda: os.kill(1), lambda: os.kill(1, 2, 3), lambda: os.killpg(1)):
                attempt(wrong)
        ''')
        self.assertEqual(run.of('signal'), [])

    @installed('pytest_timeout')
    def test_pytest_timeout(self):
        self.program('''
            import subprocess
            def test_slow(): subprocess.run(['sleep', '5'])
        ''', 'test_slow.py')
        run = self.new_run()
        env = self.environment()
        for method in ('signal', 'thread'):
            command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--timeout=0.5',
                       '--timeout-method=' + method, 'test_slow.py']
            result = self.execute(command, self.observed(env, run.directory))
            self.assertNotIn(b'<procession', result.stdout + result.stderr)
            self.assertIn(b'test_slow.py', result.stdout + result.stderr)


if __name__ == '__main__':
    unittest.main()
