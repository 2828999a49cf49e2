"""A program that watches itself: audit hooks, trace and profile functions, monitoring, profilers. None hears of our steps."""
import importlib.util
import sys
import unittest

from support import ProbeCase

# What a program does of which the probe tells.
DEEDS = '''
    import os, signal, subprocess, sys, threading
    def deeds():
        subprocess.run(['true'])
        subprocess.run(['sh', '-c', 'exit 3'], env={'PATH': os.environ['PATH']})
        pid = os.fork()
        if not pid:
            os._exit(4)
        os.waitpid(pid, 0)
        os.kill(os.getpid(), 0)
        os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)
        os.environ['MINE'] = 'yes'
        try: os.execv('/nowhere', ['x'])
        except OSError: pass
        try: sys.exit(3)
        except SystemExit: pass
        import colorsys
'''
MULTIPROCESSING = '''
    import atexit, multiprocessing
    def work(): return multiprocessing.current_process().name
    def deeds():
        child = multiprocessing.get_context('fork').Process(target=work)
        child.start()
        child.join()
        try: multiprocessing.get_context('spawn').Process(target=lambda: 0).start()
        except Exception: pass
'''


class AuditHooks(ProbeCase):
    def check(self, hook, deeds=DEEDS, **options):
        return self.observe(deeds + hook + '''
    sys.addaudithook(hook)
    deeds()
    print('done', flush=True)
    ''', **options)

    def test_that_log_everything(self):
        for deeds in (DEEDS, MULTIPROCESSING + '\n    import os, sys\n'):
            run = self.check('''
    busy = []
    def hook(event, args):
        if not busy and event != 'object.__getattr__':
            busy.append(1)
            shown = args if event in ('os.fork', 'os.putenv', 'sys.addaudithook') else [type(arg).__name__ for arg in args]
            os.write(1, ('%s %s\\n' % (event, shown)).encode())
            busy.pop()
    ''', deeds)
            self.assertTrue(run.of('reap'))

    def test_that_raise(self):
        for error in ('RuntimeError', 'PermissionError(13, "no")', 'type("Denied", (Exception,), {})', 'KeyboardInterrupt'):
            with self.subTest(error):
                run = self.check('''
    error = %s
    def hook(event, args):
        if event == 'open' and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_CREAT):
            raise error
        if event in ('object.__getattr__', 'marshal.loads'):
            raise error
    ''' % error)
                self.assertEqual([reap['code'] for reap in run.of('reap')], [0, 3, 4, 0])

    def test_that_forbid_what_the_program_does(self):
        self.observe('''
            import os, subprocess, sys, traceback
            def hook(event, args):
                if event in ('os.kill', 'os.exec', 'os.posix_spawn', 'os.fork', 'subprocess.Popen', 'os.putenv'):
                    raise RuntimeError(event)
            def attempt(call, *args):
                try: call(*args)
                except Exception: traceback.print_exc()
            sys.addaudithook(hook)
            attempt(os.kill, os.getpid(), 0)
            attempt(os.execv, '/bin/true', ['true'])
            attempt(os.posix_spawn, '/bin/true', ['true'], {})
            attempt(os.fork)
            attempt(subprocess.run, ['true'])
            attempt(os.putenv, 'A', 'b')
            attempt(sys.addaudithook, 5)
            attempt(sys.addaudithook)
        ''')

    def test_in_threads_and_children(self):
        self.check('''
    seen = []
    def hook(event, args):
        if event.startswith('os.') or event == 'open':
            seen.append(event)
    def deeds(deeds=deeds):
        thread = threading.Thread(target=deeds)
        thread.start()
        thread.join()
        pid = os.fork()
        if not pid:
            deeds()
            print(seen, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        print(seen)
    ''', python=('-W', 'ignore'))

    def test_that_want_to_be_traced(self):
        self.check('''
    class Hook:
        __cantrace__ = True
        def __call__(self, event, args): pass
    hook = Hook()
    sys.settrace(lambda frame, event, arg: os.write(1, (frame.f_code.co_name + '\\n').encode()) and None)
    ''')


class Tracing(ProbeCase):
    def check(self, watch, deeds=DEEDS):
        return self.observe(deeds + '''
    import os, sys, threading
    lines = []
    def tell(*words): lines.append(' '.join(map(str, words)))
    def place(frame): return '%s:%s:%s' % (os.path.basename(frame.f_code.co_filename), frame.f_code.co_name, frame.f_lineno)
    def caller(): return place(sys._getframe(2))
''' + watch + '''
    print('\\n'.join(lines))
    ''')

    def test_trace_functions(self):
        for deeds in (DEEDS, MULTIPROCESSING):
            self.check('''
    def trace(frame, event, arg):
        tell(event, place(frame), caller() == place(frame))
        return trace
    sys.settrace(trace)
    tell(sys.gettrace() is trace)
    deeds()
    sys.settrace(None)
    tell(sys.gettrace())
    ''', deeds)

    def test_trace_functions_of_threads(self):
        self.check('''
    def trace(frame, event, arg):
        tell(event, place(frame))
        return trace
    threading.settrace(trace)
    thread = threading.Thread(target=deeds)
    thread.start()
    thread.join()
    threading.settrace(None)
    ''')

    def test_trace_functions_that_raise(self):
        self.observe(DEEDS + '''
    import traceback
    def trace(frame, event, arg):
        if frame.f_code.co_filename.startswith('<procession'):
            raise ValueError(frame.f_code.co_name)
        return trace
    sys.settrace(trace)
    deeds()
    print(sys.gettrace() is trace)
    ''')

    def test_profile_functions(self):
        for deeds in (DEEDS, MULTIPROCESSING):
            self.check('''
    def profile(frame, event, arg):
        tell(event, place(frame), getattr(arg, '__qualname__', '') if event[0] == 'c' else '')
    sys.setprofile(profile)
    tell(sys.getprofile() is profile)
    deeds()
    sys.setprofile(None)
    tell(sys.getprofile())
    ''', deeds)

    @unittest.skipUnless(hasattr(sys, 'monitoring'), 'from 3.12 on')
    def test_monitoring(self):
        self.check('''
    monitoring = sys.monitoring
    monitoring.use_tool_id(4, 'test')
    def heard(code, *more): tell(os.path.basename(code.co_filename), code.co_name, more[0])
    def called(code, offset, function, arg): tell('call', code.co_name, getattr(function, '__qualname__', ''))
    events = monitoring.events
    tell(monitoring.register_callback(4, events.LINE, heard))
    for event in (events.LINE, events.PY_START, events.PY_RETURN, events.RAISE):
        tell(monitoring.register_callback(4, event, heard) is (heard if event == events.LINE else None))
    monitoring.register_callback(4, events.CALL, called)
    monitoring.set_events(4, events.LINE | events.PY_START | events.PY_RETURN | events.RAISE | events.CALL)
    deeds()
    monitoring.set_events(4, 0)
    tell(monitoring.register_callback(4, events.LINE, None) is heard)
    ''')

    def test_pdb_steps_over(self):
        commands = 'b deeds\nc\n' + 's\nbt 1\n' * 3 + 'until 12\n' + 's\nw\n' * 4 + 'c\n'
        self.observe(DEEDS + '''
    deeds()
    ''', python=('-m', 'pdb'), input=commands.encode(), stdin=None)


class Profilers(ProbeCase):
    def test_cprofile(self):
        run = self.observe(DEEDS + '''
    import cProfile, pstats
    profiler = cProfile.Profile()
    profiler.runcall(deeds)
    stats = pstats.Stats(profiler)
    print(stats.total_calls, stats.prim_calls)
    for (file, line, name), (primitive, calls, *_) in sorted(stats.stats.items()):
        print(os.path.basename(file), line, name, calls, primitive)
    print(cProfile.Profile, type(profiler))
    ''')
        self.assertEqual([reap['code'] for reap in run.of('reap')], [0, 3, 4, 0])

    def test_cprofile_of_a_script(self):
        run = self.observe(DEEDS + '''
    deeds()
    ''', python=('-m', 'cProfile', '-s', 'name'), compare=False)
        self.assertNotIn(b'<procession', run.result.stdout)
        self.assertIn(b'waitpid', run.result.stdout)

    def test_profile(self):
        self.observe(DEEDS + '''
    import profile, pstats
    profiler = profile.Profile()
    profiler.runcall(deeds)
    for (file, line, name), (primitive, calls, *_) in sorted(pstats.Stats(profiler).stats.items()):
        print(os.path.basename(file), line, name, calls, primitive)
    ''')

    def test_trace_module(self):
        for option in ('--listfuncs', '--trace', '--trackcalls'):
            with self.subTest(option):
                self.observe(DEEDS + '''
    deeds()
    ''', python=('-m', 'trace', option))

    @unittest.skipUnless(importlib.util.find_spec('coverage'), 'coverage is not installed')
    def test_coverage(self):
        for options in ((), ('--timid',), ('--branch', '--concurrency=multiprocessing')):
            with self.subTest(options):
                self.observe(DEEDS + '''
    deeds()
    ''', python=('-m', 'coverage', 'run', *options), compare=False)
                report = self.execute([sys.executable, '-m', 'coverage', 'report'], self.environment())
                self.assertIn(b'program.py', report.stdout)
                self.assertNotIn(b'procession/', report.stdout)
                self.assertNotIn(b'sitecustomize', report.stdout)

    @unittest.skipUnless(importlib.util.find_spec('coverage'), 'coverage is not installed')
    def test_coverage_that_begins_before_the_probe(self):
        self.program('[run]\npatch = subprocess\nparallel = true\n', '.coveragerc')
        self.program('print("child")', 'child.py')
        self.observe('''
            import subprocess, sys
            print(subprocess.run([sys.executable, 'child.py']).returncode)
        ''', python=('-m', 'coverage', 'run'), compare=False)
        coverage = [sys.executable, '-m', 'coverage']
        self.execute(coverage + ['combine'], self.environment())
        report = self.execute(coverage + ['report'], self.environment())
        if b'unrecognized' in report.stderr or b'child.py' not in report.stdout:
            self.skipTest('this coverage does not measure children')
        self.assertNotIn(b'sitecustomize', report.stdout)


if __name__ == '__main__':
    unittest.main()
