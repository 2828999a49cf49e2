"""Copies of what a member writes itself (option `o`)."""
import sys
import unittest

from support import ProbeCase

PROGRAM = '''
    import os, sys, multiprocessing
    def work():
        print('from the child')
        print('child error', file=sys.stderr)
    if __name__ == '__main__':
        print('first', flush=True)
        sys.stderr.write('oops')
        sys.stdout.buffer.write(b'\\xff\\x00bytes\\n')
        child = multiprocessing.get_context('fork').Process(target=work)
        child.start()
        child.join()
        os.write(1, b'not ours\\n')
        print('last')
        if len(sys.argv) > 1: raise ValueError('end')
'''


class Output(ProbeCase):
    def test_copies(self):
        for python in ((), ('-u',)):
            with self.subTest(python):
                run = self.observe(PROGRAM, python=python, options='o')
                child = run.one('spawn')['child']
                self.assertEqual(run.output(run.root, 'stdout'), b'first\n\xff\x00bytes\nlast\n')
                self.assertEqual(run.output(run.root, 'stderr'), b'oops')
                self.assertEqual(run.output(child, 'stdout'), b'from the child\n')
                self.assertEqual(run.output(child, 'stderr'), b'child error\n')

    def test_traceback_at_the_end(self):
        run = self.observe(PROGRAM, 'fail', options='o')
        self.assertIn(b'ValueError: end\n', run.output(run.root, 'stderr'))

    def test_only_when_asked(self):
        run = self.observe(PROGRAM)
        self.assertRaises(FileNotFoundError, run.output, run.root, 'stdout')

    def test_bound(self):
        run = self.observe('''
            import sys
            for _ in range(30): sys.stdout.write('x' * 100000)
            sys.stdout.buffer.write(b'y' * 3000000)
        ''', options='o')
        self.assertEqual(run.output(run.root, 'stdout'), b'x' * (1 << 20))

    def test_streams_look_the_same(self):
        self.observe('''
            import io, os, sys
            for stream in (sys.stdout, sys.stderr):
                raw = getattr(stream.buffer, 'raw', stream.buffer)
                print(stream, stream.buffer, raw, type(raw), stream.fileno(), stream.isatty(), raw.mode)
            sys.stdout.reconfigure(line_buffering=True)
            print(sys.stdout.buffer.raw.write(b'raw\\n'), sys.stdout.buffer.write(memoryview(b'view\\n')))
            for bad in (None, 'text', 5):
                try: sys.stdout.buffer.raw.write(bad)
                except TypeError as error: print(error)
            import array
            sys.stdout.buffer.write(array.array('i', [0x0A41, 0x0A42]))
            sys.stdout.flush()
            sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-16')
            print('other')
        ''', options='o')

    def test_closed_and_broken(self):
        self.observe('import sys; sys.stdout.close(); sys.stderr.write("x")', options='o')
        self.observe('import os; os.close(1); print("x")', options='o')
        self.observe('import os; r, w = os.pipe(); os.dup2(w, 1); os.close(r); os.close(w); print("x", flush=True)', options='o')
        self.observe('''
            import os, sys
            r, w = os.pipe()
            os.set_blocking(w, False)
            os.dup2(w, 1)
            try:
                while True: print('x' * 10000, flush=True)
            except BlockingIOError as error: sys.stderr.write(repr(error))
            os._exit(4)
        ''', options='o')
        self.observe('print(1)', options='o', python=('-c', 'import os, sys; os.close(1); os.execv(sys.argv[1], sys.argv[1:])',
                                                      sys.executable))


if __name__ == '__main__':
    unittest.main()
