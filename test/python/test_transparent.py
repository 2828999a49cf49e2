"""The program is as it would be without the probe: environment, imports, tracebacks, failures of the observation."""
import marshal
import os
import resource
import shutil
import subprocess
import sys
import unittest

from support import ANCESTOR, BOOT, ProbeCase

STATE = '''
    import sys, os
    print(sorted(os.environ.items()), sorted(os.environb.items()))
    print(sys.path, 'sitecustomize' in sys.modules, sys.dont_write_bytecode, sys.pycache_prefix, sys.argv)
    print(sorted(path for path in sys.path_importer_cache if not path.endswith('_procession')))
    print(sorted(name for name in sys.modules if not name.startswith('_procession') and (name != 'atexit' or sys.version_info >= (3, 10))))
    print(os.listdir('/proc/self/fd'), os.getppid() > 0)
    print(sys.meta_path, type(sys.meta_path).__name__, isinstance(sys.meta_path, list), sys.path_hooks)
'''


class Transparent(ProbeCase):
    def test_state_of_a_fresh_process(self):
        os.mkdir(os.path.join(self.place, 'mine'))
        for env in ({}, {'PYTHONPATH': ''}, {'PYTHONPATH': 'mine'}, {'PYTHONPATH': 'mine:/nowhere'},
                    {'NODE_OPTIONS': ''}, {'NODE_OPTIONS': '--max-old-space-size=100'}, {'PYTHONDONTWRITEBYTECODE': None},
                    {'PYTHONPYCACHEPREFIX': '/nowhere'}):
            with self.subTest(env):
                self.observe(STATE, env=env)
        for python in (('-s',), ('-B',), ('-u',), ('-W', 'error'), ('-X', 'dev'), ('-O',)):
            with self.subTest(python):
                self.observe(STATE, python=python)

    def test_isolated(self):
        for python in (('-I',), ('-E',), ('-S',)):
            with self.subTest(python):
                run = self.observe('import subprocess, sys; print(1); sys.exit(2)', python=python)
                self.assertEqual(run.events, [])

    def test_own_sitecustomize(self):
        os.mkdir(os.path.join(self.place, 'mine'))
        use = 'import sitecustomize, sys; print(sitecustomize, sys.path)'
        for own in ('import sys; print("mine", __name__, __file__, sys.path)', '1 / 0', 'import nowhere',
                    'import sys; sys.modules[__name__] = 7'):
            with self.subTest(own):
                self.program(own, 'mine/sitecustomize.py')
                self.observe(use, env={'PYTHONPATH': 'mine'})
        self.observe(use)

    def test_own_usercustomize(self):
        self.program('print("user", __file__)', 'usercustomize.py')
        self.observe('print(1)', env={'PYTHONPATH': '.'})

    def test_tracebacks(self):
        self.observe('''
            import os, signal, sys, traceback, subprocess
            def attempt(call, *args, **kwargs):
                try: call(*args, **kwargs)
                except BaseException: traceback.print_exc()
            def interrupt(*_): raise TimeoutError('user')
            attempt(os.waitpid, 0, 0)
            attempt(os.waitpid)
            attempt(os.waitpid, 'x', 0)
            attempt(os.waitpid, pid=1)
            attempt(os.wait)
            attempt(os.wait3, 0)
            attempt(os.waitid, os.P_ALL, 0, os.WEXITED)
            attempt(os.kill, 2 ** 22 + 5, 9)
            attempt(os.kill, os.getpid(), 1000)
            attempt(os.kill, os.getpid())
            attempt(os.kill, 'x', 1)
            attempt(os.killpg, 2 ** 22 + 5, 9)
            attempt(os.execv, '/nowhere', ['x'])
            attempt(os.execv, '/bin/sh', [])
            attempt(os.execve, '/nowhere', ['x'], {})
            attempt(os.execve, '/bin/sh', ['x'], 5)
            attempt(os.execve, path='/nowhere', argv=['x'], env={'A': 1})
            attempt(os.posix_spawn, '/nowhere', ['x'], {})
            attempt(os.posix_spawn, '/bin/sh', ['x'], {'=': '1'})
            attempt(os.posix_spawn, '/bin/sh', ['x'], None)
            attempt(os.putenv, 'a=b', 'c')
            attempt(os.putenv, 5, 'c')
            attempt(os.unsetenv, 'a=b')
            attempt(os._exit, 'x')
            attempt(os._exit)
            attempt(sys.exit, 1, 2)
            attempt(sys.exit, 'caught')
            attempt(subprocess.Popen, ['/nowhere'])
            attempt(subprocess.Popen, ['sh'], env={'=': '1'})
            attempt(subprocess.Popen, ['sh'], env={1: '1'})
            attempt(subprocess.Popen, ['sh'], env=7)
            attempt(subprocess.Popen, [1])
            attempt(subprocess.Popen, ['sh'], preexec_fn=lambda: 1 / 0)
            signal.signal(signal.SIGALRM, interrupt)
            child = subprocess.Popen(['sleep', '30'])
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            attempt(os.waitpid, child.pid, 0)
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            attempt(child.wait)
            child.kill()
            sys.stdout.flush()
            os.waitpid(child.pid, 0)
            os.waitpid(child.pid, 0)
        ''')

    def test_functions_behave_like_builtins(self):
        self.observe('''
            import copy, inspect, os, pickle, sys
            class Holder: wait, kill, leave = os.waitpid, os.kill, sys.exit
            holder = Holder()
            try: holder.leave(3)
            except SystemExit as error: print(error.code)
            for function in (os.waitpid, os.kill, os._exit, os.execve, os.posix_spawn, os.putenv, sys.exit):
                assert pickle.loads(pickle.dumps(function)) is function
                assert copy.deepcopy(function) is function
                print(repr(function), function.__name__, function.__doc__ is not None, callable(function), bool(function))
                print(inspect.isfunction(function), inspect.getdoc(function))
            print(os.execve in os.supports_fd, len(os.supports_fd))
        ''')

    def test_functions_are_described_and_pickled_like_builtins(self):
        self.observe('''
            import copy, inspect, os, pickle, posix, pydoc, sys, types, typing
            names = ('kill', 'killpg', 'wait', 'waitpid', 'wait3', 'wait4', 'waitid', '_exit', 'execv', 'execve', 'posix_spawn', 'posix_spawnp', 'putenv', 'unsetenv')
            for owner, name in [(os, name) for name in names] + [(sys, 'exit')]:
                function = getattr(owner, name)
                print(function, type(function), function.__class__, function.__module__, function.__qualname__, function.__self__, function.__text_signature__)
                try: print(inspect.signature(function), [kind.kind for kind in inspect.signature(function).parameters.values()])
                except ValueError as error: print(error)
                print(inspect.isbuiltin(function), inspect.isroutine(function), inspect.ismethoddescriptor(function), inspect.getmodule(function))
                print(isinstance(function, types.BuiltinFunctionType), isinstance(function, types.FunctionType), typing.get_type_hints(function))
                print(pydoc.plain(pydoc.render_doc(function)))
                for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                    for dumps, loads in (pickle.dumps, pickle.loads), (pickle._dumps, pickle._loads):
                        print(dumps(function, protocol))
                        assert loads(dumps(function, protocol)) is function
                assert copy.copy(function) is copy.deepcopy([function])[0] is function
                assert len({function, getattr(sys.modules[function.__module__], name)}) == 1
                assert getattr(sys.modules[function.__module__], name) is function
                for missing in '__wrapped__', '__signature__', 'nothing':
                    try: getattr(function, missing)
                    except AttributeError as error: print(error)
            class Holder: kill = os.kill
            print(inspect.classify_class_attrs(Holder)[-1][:2], pickle.loads(b'cposix\\nkill\\n.') is os.kill)
        ''')

    def test_targets_by_name_in_a_spawned_process(self):
        self.observe('''
            import multiprocessing, os, sys
            if __name__ == '__main__':
                for target in (os._exit, sys.exit):
                    child = multiprocessing.get_context('spawn').Process(target=target, args=(4,))
                    child.start()
                    child.join()
                    print(child.exitcode)
        ''')

    def test_signal_handlers_that_raise_are_not_swallowed(self):
        self.observe('''
            import os, signal
            class Stop(Exception): pass
            count = 0
            def handler(*_): raise Stop
            signal.signal(signal.SIGUSR1, handler)
            for _ in range(200):
                try: os.kill(os.getpid(), signal.SIGUSR1)
                except Stop: count += 1
            print(count)
        ''')

    def test_fork_in_a_thread_warns_the_same(self):
        self.observe('''
            import os, threading
            done = threading.Event()
            threading.Thread(target=done.wait).start()
            pid = os.fork()
            if not pid: os._exit(0)
            os.waitpid(pid, 0)
            done.set()
        ''', python=('-W', 'ignore:::subprocess'), compare=False)

    def test_import_errors_look_the_same(self):
        self.program('import nowhere', 'signal.py')
        self.observe('import subprocess')
        self.observe('import multiprocessing')

    def test_subinterpreters_are_left_alone(self):
        run = self.observe('''
            try: import _interpreters as interpreters
            except ImportError: import _xxsubinterpreters as interpreters
            import os
            other = interpreters.create()
            print(interpreters.run_string(other, 'import os; print(sorted(os.environ), os.kill); os.kill(os.getpid(), 0)', {})
                  if os.sys.version_info < (3, 13) else interpreters.exec(other, 'import os; print(sorted(os.environ))'))
            interpreters.destroy(other)
        ''')
        self.assertEqual(len(run.of('start')), 1)

    def test_atexit_and_threads(self):
        self.observe('''
            import atexit, sys, threading
            atexit.register(print, 'last')
            atexit.register(sys.exit, 3)
            thread = threading.Thread(target=lambda: print('thread') or 1 / 0)
            thread.start()
            thread.join()
            class Late:
                def __del__(self): print('late')
            late = Late()
            sys.exit('text')
        ''')

    def test_bytes_that_are_no_text(self):
        """They come as they were given, whatever the encoding is, and are told as far as text can (PEP 383)."""
        folder = os.path.join(self.place.encode(), b'dir-\xe9')
        os.mkdir(folder)
        python = os.path.join(folder, b'py-\xe9')
        os.symlink(sys.executable, python)
        script = os.path.join(folder, b's\xe9.py')
        with open(script, 'w') as file:
            file.write('import os, subprocess, sys\nprint([os.fsencode(arg) for arg in sys.argv], os.environb.get(b"NAME"), os.getcwdb())\n'
                       'sys.stdout.flush()\nif len(sys.argv) == 2:\n'
                       '    subprocess.run([sys.executable, *sys.argv, b"\\xff\\xfe"], env={**os.environb, b"NAME": b"\\xe8", b"\\xe9": b"x"})\n'
                       '    os.environb[b"NAME"] = b"\\xea"\n    subprocess.run([sys.executable, *sys.argv, "\\udcff"], cwd=b"..")\n'
                       '    pid = os.fork()\n    if not pid: os.execv(sys.executable, [sys.executable, *sys.argv, "2"])\n    os.waitpid(pid, 0)\n')
        for more in ({}, {'LC_ALL': 'C'}, {'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}):
            with self.subTest(more):
                env = {key.encode(): value.encode() for key, value in self.environment(**more).items()}
                env[b'NAME'] = b'caf\xe9'
                run = self.new_run()
                given = {**env, **{key.encode(): value.encode() for key, value in self.observed({}, run.directory).items()}}
                command = [python, script, b'\xe9\xc3\xbc']
                observed = subprocess.run(command, env=given, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.same(observed, subprocess.run(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
                self.assertEqual(len(run.of('start')), 5)
                start = run.one('start', parent=ANCESTOR)
                self.assertEqual((start['argv'][1:], start['cwd']), ([self.place + '/dir-\udce9/s\udce9.py', '\udce9\u00fc'], self.place + '/dir-\udce9'))
                self.assertEqual([spawn['argv'][-1] for spawn in run.of('spawn', method='subprocess')], ['\udcff\udcfe', '\udcff'])

    def test_coroutine_and_generator_shutdown(self):
        self.observe('''
            import asyncio
            async def main():
                raise KeyboardInterrupt
            asyncio.run(main())
        ''')


class Silent(ProbeCase):
    """The observation fails; the program does not notice."""

    SOURCE = '''
        import multiprocessing, subprocess, os
        def work(): print('worked', flush=True)
        if __name__ == '__main__':
            child = multiprocessing.get_context('fork').Process(target=work)
            child.start()
            child.join()
            subprocess.run(['sh', '-c', 'exit 3'])
            os.kill(os.getpid(), 0)
            print(child.exitcode)
            raise ValueError
    '''

    def check(self, directory, **execution):
        env = self.environment()
        command = [sys.executable, self.program(self.SOURCE)]
        observed = self.execute(command, self.observed(env, directory, 'o'), **execution)
        self.same(observed, self.execute(command, env, **execution))

    def test_no_run_directory(self):
        self.check(os.path.join(self.place, 'nowhere'))
        self.check('')
        self.check('/')

    def test_run_directory_without_events(self):
        run = self.new_run()
        shutil.rmtree(os.path.join(run.directory, 'events'))
        self.check(run.directory)
        self.assertEqual(os.listdir(os.path.join(run.directory, 'out')), [])

    def test_disk_full(self):
        run = self.new_run()
        self.check(run.directory, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        sizes = [os.path.getsize(os.path.join(run.directory, 'events', name))
                 for name in os.listdir(os.path.join(run.directory, 'events'))]
        self.assertLessEqual(max(sizes), 100)

    def test_bytecode_of_other_sources(self):
        """Sources may be replaced where they lie: what an earlier loader has left beside them is not run."""
        probes = os.path.join(self.place, 'python')
        shutil.copytree(os.path.dirname(BOOT), probes, ignore=shutil.ignore_patterns('__pycache__'))
        env = self.environment(PYTHONPATH=os.path.join(probes, 'boot'))
        cache = os.path.join(probes, '_procession', '__pycache__', sys.implementation.cache_tag + '.bundle')
        for _ in range(2):
            run = self.new_run()
            self.execute([sys.executable, '-c', '0'], dict(env, PROCESSION='1|%s||%s' % (ANCESTOR, run.directory)))
            self.assertEqual(len(run.of('start')), 1)
            with open(cache, 'wb') as file:
                marshal.dump({'bundle': (0, marshal.dumps(compile('def start(): pass', 'bundle.py', 'exec')))}, file)

    def test_garbled_marks(self):
        env = self.environment(PYTHONPATH=BOOT)
        for mark in ('', '1', '1|', '1||', '2|1.1||/tmp', '1|||', 'x' * 1000):
            with self.subTest(mark):
                result = self.execute([sys.executable, '-c', 'import sys; print(sys.path[0]); sys.exit(3)'],
                                      dict(env, PROCESSION=mark))
                self.assertEqual((result.stdout, result.stderr, result.returncode), (b'\n', b'', 3))

    def test_few_descriptors(self):
        source = 'import os\nfiles = []\ntry:\n    while True: files.append(os.open("/", 0))\nexcept OSError as e: print(e, len(files))' \
                 '\nos.kill(os.getpid(), 0)\npid = os.fork()\nif not pid: os._exit(3)\nprint(os.waitpid(pid, 0)[1])\n' \
                 'for fd in files: os.close(fd)\nimport colorsys\n'
        run = self.observe(source, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
        self.assertEqual(run.one('exit', id=run.root)['code'], 0)

    def test_other_pythons(self):
        """Python 2.7 and those before 3.8 inherit the directory: the boot file must parse there."""
        found = [path for path in map(shutil.which, ('python2.7', 'python3.6', 'python3.7')) if path]
        for python in found:
            with self.subTest(python):
                env = self.observed(self.environment(), self.new_run().directory)
                command = [python, '-c', 'import sys; print(sys.path[0]); sys.exit(3)']
                self.same(self.execute(command, env), self.execute(command, self.environment()))
        with open(os.path.join(BOOT, 'sitecustomize.py')) as file:
            source = file.read()
        for word in ('f"', "f'", ':=', '->', 'nonlocal', 'async ', 'print('):
            self.assertNotIn(word, source)


class Ranks(ProbeCase):
    def test_ranks(self):
        for env in ({'RANK': '3', 'LOCAL_RANK': '1', 'WORLD_SIZE': '8'},
                    {'SLURM_PROCID': '3', 'SLURM_LOCALID': '1', 'SLURM_NTASKS': '8'},
                    {'OMPI_COMM_WORLD_RANK': '3', 'OMPI_COMM_WORLD_LOCAL_RANK': '1', 'OMPI_COMM_WORLD_SIZE': '8'}):
            with self.subTest(env):
                about = self.observe('pass', env=env).one('self')
                self.assertEqual((about['rank'], about['localRank'], about['worldSize']), (3, 1, 8))
        self.assertEqual(self.observe('pass', env={'RANK': 'first', 'WORLD_SIZE': ''}).of('self'), [])

    def test_one_launcher_within_another(self):
        """All three numbers are those of the nearest one."""
        slurm = {'SLURM_PROCID': '3', 'SLURM_LOCALID': '1', 'SLURM_NTASKS': '8'}
        torch = {'RANK': '5', 'LOCAL_RANK': '2', 'WORLD_SIZE': '6'}
        mpi = {'OMPI_COMM_WORLD_RANK': '0', 'OMPI_COMM_WORLD_SIZE': '2'}
        for outer, inner, expected in ((slurm, torch, (5, 2, 6)), (torch, mpi, (0, None, 2)), (torch, slurm, (3, 1, 8)), (mpi, {}, (0, None, 2))):
            with self.subTest(outer=outer, inner=inner):
                run = self.observe('''
                    import os, subprocess, sys
                    command = [sys.executable, '-c', 'import subprocess, sys; subprocess.run([sys.executable, "-c", "pass"])']
                    subprocess.run(command, env=dict(os.environ, **%r))
                ''' % inner, env=outer)
                told = [(about['rank'], about.get('localRank'), about.get('worldSize')) for about in run.of('self')]
                self.assertEqual(told[1:], [expected] * 2)


if __name__ == '__main__':
    unittest.main()
