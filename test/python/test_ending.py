"""The exit code of the main program: certain, or not told."""
import signal
import unittest

from support import ProbeCase


def without_carets(output):
    return [line for line in output.decode().split('\n') if line.strip('~^ ')]


class MainProgram(ProbeCase):
    def ending(self, source, **options):
        run = self.observe('import colorsys\n' + source, **options)
        told = run.of('exit', id=run.root)
        self.assertLessEqual(len(told), 1)
        if told:
            code, name = told[0]['code'], told[0]['signal']
            self.assertEqual(run.result.returncode, code if name is None else -getattr(signal, name), told)
        return told[0].get('via') if told else None

    def test_return(self):
        self.assertEqual(self.ending('print(1)'), 'return')

    def test_sys_exit(self):
        for status in ('', '0', '3', '-1', '256 + 7', 'None', '"text"', 'True', '[1]'):
            with self.subTest(status):
                self.assertEqual(self.ending('import sys\nsys.exit(%s)' % status), 'sys.exit')

    def test_sys_exit_deep_in_the_program(self):
        self.assertEqual(self.ending('import sys\ndef f(): sys.exit(4)\ndef g(): f()\ng()'), 'sys.exit')

    def test_caught_sys_exit(self):
        self.assertEqual(self.ending('import sys\ntry: sys.exit(4)\nexcept SystemExit: pass'), 'return')

    def test_other_exit_after_a_caught_one(self):
        self.assertIsNone(self.ending('import sys\ntry: sys.exit(4)\nexcept SystemExit: pass\nraise SystemExit(5)'))

    def test_exception(self):
        self.assertEqual(self.ending('1 / 0'), 'exception')

    def test_keyboard_interrupt(self):
        self.assertEqual(self.ending('raise KeyboardInterrupt'), 'exception')

    def test_excepthook_that_exits(self):
        self.assertIsNone(self.ending('import sys\ndef hook(*a): sys.exit(9)\nsys.excepthook = hook\n1 / 0'))

    def test_sys_exit_in_an_exit_function(self):
        for source in ('import atexit, sys\natexit.register(lambda: sys.exit(5))', 'import sys\nclass A:\n def __del__(self): '
                       'sys.exit(5)\na = A()'):
            self.assertEqual(self.ending(source), 'return')

    def test_exception_that_was_caught_and_kept(self):
        source = 'import sys\ntry: 1 / 0\nexcept Exception as error:\n    sys.last_value = sys.last_exc = error\nprint(2)'
        run = self.observe('import colorsys\n' + source)
        self.assertEqual(run.of('error'), [])
        self.assertEqual(run.one('exit')['via'], 'return')

    def test_os_exit(self):
        run = self.observe('import os\ndef leave(): os._exit(300)\nleave()')
        last = run.one('exit')
        self.assertEqual((last['code'], last['via'], last['site']['line']), (44, 'os._exit', 2))

    def test_command_and_module(self):
        self.program('import sys, colorsys\nsys.exit(3)', 'leaver.py')
        for python, via in ((('-c', 'import colorsys'), 'return'), (('-m', 'leaver'), 'sys.exit'), (('leaver.py',), 'sys.exit')):
            with self.subTest(python):
                run = self.observe(None, python=python)
                self.assertEqual(run.one('exit')['via'], via)

    def test_error_event(self):
        run = self.observe('''
            def inner():
                raise KeyError('first')
            def outer():
                try:
                    inner()
                except KeyError as error:
                    raise RuntimeError('second \\udc80 "\\n\\x00') from error
            outer()
        ''')
        error = run.one('error')
        self.assertEqual((error['type'], error['message']), ('RuntimeError', 'second \udc80 "\n\x00'))
        told = error['traceback'].encode('utf-8', 'backslashreplace')  # as stderr has it
        self.assertEqual(without_carets(told), without_carets(run.result.stderr))

    def test_raw_fork(self):
        run = self.observe('''
            import os, sys
            pid = os.fork()
            if not pid:
                sys.exit(3)
            print(os.waitpid(pid, 0)[1])
        ''')
        child = run.one('start', method='os.fork')
        self.assertEqual((child['parent'], child['site']['line']), (run.root, 3))
        self.assertEqual(run.one('reap')['child'], child['id'])
        last = run.of('exit', id=child['id'])
        self.assertTrue(all(event['code'] == 3 for event in last))

    def test_interrupted_in_a_child(self):
        run = self.observe('''
            import os, signal
            pid = os.fork()
            if not pid:
                os.kill(os.getpid(), signal.SIGKILL)
            print(os.waitpid(pid, 0)[1])
        ''')
        child = run.one('start', method='os.fork')['id']
        sent = run.one('signal', id=child)
        self.assertEqual((sent['to'], sent['signal'], sent['via'], sent['site']['line']), (child, 'SIGKILL', 'os.kill', 5))
        self.assertEqual(run.one('reap')['signal'], 'SIGKILL')


if __name__ == '__main__':
    unittest.main()
