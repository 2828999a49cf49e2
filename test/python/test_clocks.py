"""Programs that change their clocks: what the probe tells has the system's time all the same."""
import importlib.util
import shutil
import sys
import time
import unittest

from support import ProbeCase

JOB = '''
    import multiprocessing, os, subprocess, sys, time
    def work(): time.sleep(0.1)
    def job():
        subprocess.run(['true'])
        child = multiprocessing.get_context('fork').Process(target=work)
        child.start()
        child.join()
        subprocess.run([sys.executable, '-c', 'pass'])
        pid = os.fork()
        if not pid: os._exit(7)
        print(os.waitpid(pid, 0)[1], time.gmtime()[0] if len(sys.argv) > 1 else '')
'''


class Clocks(ProbeCase):
    def check(self, source, *args, **options):
        began = time.time() * 1000
        run = self.observe(JOB + source, *args, **options)
        ended = time.time() * 1000
        self.in_order(run, began, ended)
        return run

    def in_order(self, run, began, ended):
        self.assertGreaterEqual(len(run.of('start')), 4)
        for event in run.events:
            self.assertTrue(began - 50 <= event['t'] <= ended + 50, (event, began, ended))
        for start in run.of('start'):
            for last in run.of('exit', id=start['id']):
                self.assertLessEqual(start['t'], last['t'])

    def test_functions_that_are_replaced(self):
        self.check('''
    real = [getattr(time, name) for name in ('time', 'time_ns', 'monotonic', 'clock_gettime')]
    for module in list(sys.modules.values()):  # as freezegun does, module by module
        for name, value in list(vars(module).items()):
            if any(value is one for one in real): setattr(module, name, lambda *args: 0)
    job()
    ''')

    @unittest.skipUnless(importlib.util.find_spec('freezegun'), 'freezegun is not installed')
    def test_freezegun(self):
        for moment in ('2012-01-14', '2040-01-14'):
            self.check('''
    from freezegun import freeze_time
    with freeze_time(sys.argv[1]): job()
    ''', moment)

    @unittest.skipUnless(importlib.util.find_spec('time_machine'), 'time-machine is not installed')
    def test_time_machine(self):
        for moment in ('2012-01-14', '2040-01-14'):
            self.check('''
    import time_machine
    with time_machine.travel(sys.argv[1], tick=False): job()
    ''', moment)

    @unittest.skipUnless(shutil.which('faketime'), 'faketime is not installed')
    def test_faketime(self):
        program = self.program(JOB + '''
    job()
    ''')
        for options in (('2012-01-14 12:00:00',), ('-f', '+3y'), ('-f', '+0 x10')):
            with self.subTest(options):
                run = self.new_run()
                self.launcher(run)
                began = time.time() * 1000
                command = ['faketime', *options, sys.executable, program, 'year']
                env = self.environment()
                observed = self.execute(command, self.observed(env, run.directory))
                self.in_order(run, began, time.time() * 1000)
                self.same(observed, self.execute(command, env))

    def launcher(self, run):
        """What the launcher tells of the run: when the system was booted."""
        with open('/proc/uptime') as file:
            boot = (time.time() - float(file.read().split()[0])) * 1000
        with open(run.directory + '/events/launcher-1.1.ndjson', 'w') as file:
            file.write('{"id":"1.1","e":"run","t":%f,"run":"r","command":[],"cwd":"/","host":"h","bootTime":%f,"tickMs":10}\n'
                       % (time.time() * 1000, boot))


if __name__ == '__main__':
    unittest.main()
