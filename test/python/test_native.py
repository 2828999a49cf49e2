"""What native code does behind Python's back: embedding, fork(2) without hooks, sub-interpreters, confinement."""
import os
import shutil
import subprocess
import sys
import sysconfig
import unittest

from support import ProbeCase

# What uWSGI does with --py-call-osafterfork, and mod_wsgi: fork by itself, then tell Python, with no frame on the stack.
EMBEDDED = r'''
#include <Python.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  Py_Initialize();
  PyOS_BeforeFork();
  pid_t pid = fork();
  if (pid == 0) {
    PyOS_AfterFork_Child();
    PyRun_SimpleString("import subprocess; subprocess.run(['true'])");
    fprintf(stderr, "child goes on\n");
    _exit(3);
  }
  PyOS_AfterFork_Parent();
  int status;
  waitpid(pid, &status, 0);
  fprintf(stderr, "parent saw %d\n", WEXITSTATUS(status));
  PyObject *os = PyImport_ImportModule("os"), *sys = PyImport_ImportModule("sys");
  for (int i = 0; i < 2; i++) {
    Py_XDECREF(PyObject_CallMethod(os, "kill", "ii", getpid(), 0));
    Py_XDECREF(PyObject_CallMethod(os, "waitpid", "ii", -1, 0));
    PyErr_Print();
    Py_XDECREF(PyObject_CallMethod(os, "putenv", "ss", "PYTHONPATH", "/x"));
    Py_XDECREF(PyObject_CallMethod(sys, "settrace", "O", Py_None));
    Py_XDECREF(PyObject_CallMethod(sys, "exit", "i", 3));
    PyErr_Clear();
  }
  return Py_FinalizeEx();
}
'''
EXTENSION = r'''
#include <Python.h>
#include <sys/prctl.h>
#include <linux/filter.h>
static PyObject *lock(PyObject *self, PyObject *arguments) {
  unsigned int number;
  if (!PyArg_ParseTuple(arguments, "I", &number)) return NULL;
  struct sock_filter rules[] = {{0x20, 0, 0, 0}, {0x15, 1, 0, number}, {6, 0, 0, 0x7fff0000}, {6, 0, 0, 0x80000000}};
  struct sock_fprog program = {4, rules};
  prctl(38, 1, 0, 0, 0);
  return PyLong_FromLong(prctl(22, 2, &program, 0, 0));
}
static PyMethodDef methods[] = {{"lock", lock, METH_VARARGS, ""}, {0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "lockdown", "", -1, methods};
PyMODINIT_FUNC PyInit_lockdown(void) { return PyModule_Create(&definition); }
'''
OPENAT = {'x86_64': 257, 'aarch64': 56}.get(os.uname().machine)
# Forbids itself to open files, by ctypes: every such call kills it, or fails.
LOCK = '''
    import ctypes, os, struct, sys, threading
    libc = ctypes.CDLL(None, use_errno=True)
    def lock(action, by='prctl'):
        def rule(code, value, yes=0, no=0): return struct.pack('HBBI', code, yes, no, value)
        program = rule(0x20, 0) + rule(0x15, %s, 0, 1) + rule(0x06, action) + rule(0x06, 0x7fff0000)
        class Program(ctypes.Structure):
            _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]
        filter = Program(len(program) // 8, program)
        libc.prctl(38, 1, 0, 0, 0)
        if by == 'prctl': print(libc.prctl(22, 2, ctypes.byref(filter), 0, 0))
        else: print(libc.syscall({'x86_64': 317, 'aarch64': 277}[os.uname().machine], 1, 0, ctypes.byref(filter)))
        sys.stdout.flush()
    KILL, TRAP, ERRNO = 0x80000000, 0x00030000, 0x00050001
''' % OPENAT


class Embedding(ProbeCase):
    @unittest.skipUnless(shutil.which('gcc') and sys.implementation.name == 'cpython', 'needs gcc')
    def test_no_frame_on_the_stack(self):
        path = sysconfig.get_config_var
        source, program = self.program(EMBEDDED, 'embedded.c'), os.path.join(self.place, 'embedded')
        command = ['gcc', source, '-o', program, '-I' + path('INCLUDEPY'), '-L' + path('LIBDIR'), '-L' + path('LIBPL'),
                   '-Wl,-rpath,' + path('LIBDIR'), '-Wl,--export-dynamic', '-lpython' + path('LDVERSION'),
                   *path('LIBS').split(), *path('SYSLIBS').split()]
        built = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if built.returncode:
            self.skipTest('this Python can not be embedded')
        run = self.new_run()
        env = self.environment(PYTHONHOME=sys.base_prefix)
        observed = self.execute([program], self.observed(env, run.directory))
        self.same(observed, self.execute([program], env))
        child = run.one('start', method='fork')
        self.assertEqual((child['parent'], child['argv']), (run.root, [program]))
        self.assertEqual([spawn['argv'] for spawn in run.of('spawn', id=child['id'])], [['true']])


class Forks(ProbeCase):
    def test_forks_that_python_does_not_hear_of(self):
        run = self.observe('''
            import ctypes, os, subprocess, sys
            libc = ctypes.CDLL(None)
            pid = libc.fork()
            if not pid:
                subprocess.run([sys.executable, '-c', 'pass'])
                subprocess.run(['sh', '-c', 'exit 3'])
                other = os.fork()
                if not other: os._exit(5)
                os.waitpid(other, 0)
                os._exit(4)
            print(os.waitpid(pid, 0)[1])
        ''')
        child = run.one('start', method='fork')
        self.assertEqual(child['parent'], run.root)
        self.assertEqual(run.one('reap', id=run.root)['child'], child['id'])
        self.assertEqual([spawn['argv'][0] for spawn in run.of('spawn', id=child['id'], method='subprocess')], [sys.executable, 'sh'])
        self.assertEqual([start['parent'] for start in run.of('start', parent=child['id'])], [child['id']] * 2)
        self.assertEqual([reap['code'] for reap in run.of('reap', id=child['id'])], [0, 3, 5])
        self.assertEqual(run.one('exit', id=child['id'])['code'], 4)

    def test_a_daemon_made_by_the_c_library(self):
        run = self.observe('''
            import ctypes, os, subprocess, time
            read, write = os.pipe()
            pid = os.fork()
            if not pid:
                ctypes.CDLL(None).daemon(1, 1)
                subprocess.run(['sh', '-c', 'exit 3'])
                os.write(write, b'done')
                os._exit(0)
            os.close(write)
            print(os.waitpid(pid, 0)[1], os.read(read, 9))
        ''')
        daemon = run.one('start', method='fork')
        self.assertEqual(run.one('spawn', method='subprocess')['id'], daemon['id'])
        self.assertEqual(run.one('reap', code=3)['id'], daemon['id'])


class Interpreters(ProbeCase):
    CODE = '''
        import os, subprocess, sys
        print(sorted(key for key in os.environ if key in ('PROCESSION', 'PYTHONPATH', 'NODE_OPTIONS')), flush=True)
        print(subprocess.run(['sh', '-c', 'exit 4']).returncode, flush=True)
        print(subprocess.run([sys.executable, '-c', 'raise SystemExit(5)'], env=dict(os.environ, A='1')).returncode, flush=True)
        try: os.fork()
        except Exception as error: print(type(error).__name__, error, flush=True)
        try: import multiprocessing
        except ImportError: pass
    '''

    def check(self, run, times):
        self.assertEqual(len(run.of('start', id=run.root)), 1)
        children = run.of('spawn', id=run.root)
        self.assertEqual(len(children), 2 * times)
        self.assertEqual(sorted(run.one('reap', child=spawn['child'])['code'] for spawn in children), [4] * times + [5] * times)
        self.assertEqual({start['parent'] for start in run.of('start') if start['id'] != run.root}, {run.root})
        self.assertEqual(len(run.of('exit', id=run.root)), 1)

    @unittest.skipIf(sys.version_info < (3, 12), 'from 3.12 on')
    def test_children_of_subinterpreters(self):
        run = self.observe('''
            try: import _interpreters as interpreters
            except ImportError: import _xxsubinterpreters as interpreters
            import textwrap
            code = textwrap.dedent(%r)
            execute = getattr(interpreters, 'exec', None) or interpreters.run_string
            all = [interpreters.create() for _ in range(2)]
            for one in all: print(execute(one, code), flush=True)
            for one in all: interpreters.destroy(one)
            print('end')
        ''' % self.CODE)
        self.check(run, 2)

    @unittest.skipIf(sys.version_info < (3, 14), 'from 3.14 on')
    def test_interpreter_pools(self):
        run = self.observe('''
            from concurrent.futures import InterpreterPoolExecutor
            import textwrap
            if __name__ == '__main__':
                with InterpreterPoolExecutor(2) as pool:
                    print(list(pool.map(exec, [textwrap.dedent(%r)])))
        ''' % self.CODE)
        self.check(run, 1)


@unittest.skipUnless(sys.platform == 'linux' and OPENAT and sys.implementation.name == 'cpython', 'needs seccomp')
class Confinement(ProbeCase):
    def test_every_open_kills_or_fails(self):
        for action in ('KILL', 'TRAP', 'ERRNO'):
            for by in ('prctl', 'syscall'):
                with self.subTest(action, by=by):
                    self.observe(LOCK + '''
    lock(%s, %r)
    pid = os.fork()
    if not pid: os._exit(9)
    print(os.waitpid(pid, 0)[1])
    try: sys.exit(4)
    finally: print('last', flush=True)
    ''' % (action, by), python=('-W', 'ignore') if sys.version_info < (3, 12) else ())

    def test_in_a_thread_and_in_a_child(self):
        run = self.observe(LOCK + '''
    pid = os.fork()
    if not pid:
        lock(KILL)
        os._exit(3)
    print(os.waitpid(pid, 0)[1], flush=True)
    locked = threading.Event()
    def work():  # it does not end, because the C library opens a file for that
        lock(KILL)
        locked.set()
        threading.Event().wait()
    threading.Thread(target=work, daemon=True).start()
    locked.wait()
    print('end', flush=True)
    os._exit(5)
    ''')
        self.assertEqual(run.one('reap')['code'], 3)

    def test_strict_mode(self):
        self.observe('''
            import ctypes, os
            libc = ctypes.CDLL(None)
            os.write(1, b'before\\n')
            libc.prctl(22, 1)
            os.write(1, b'after\\n')
        ''')

    def test_functions_of_ctypes_look_the_same(self):
        self.observe('''
            import ctypes
            libc = ctypes.CDLL(None)
            for name in ('prctl', 'syscall', 'getpid'):
                function = getattr(libc, name)
                print(type(function).__name__, function.__name__, function.errcheck, function is getattr(libc, name))
                function.errcheck = lambda result, function, arguments: (result, arguments)
                function.restype, function.argtypes = ctypes.c_long, [ctypes.c_long] * 2
                print(function(39, 0)[1], callable(function.errcheck), len(function.argtypes))
                del function.errcheck
                print(function.errcheck)
            def fail(result, function, arguments): raise OSError('mine')
            libc.prctl.errcheck = fail
            import traceback
            try: libc.prctl(39, 0)
            except OSError: traceback.print_exc()
            try: libc.no_such_function
            except AttributeError: traceback.print_exc()
            print(libc['prctl'] is libc.prctl)
        ''')

    @unittest.skipUnless(shutil.which('gcc'), 'needs gcc')
    def test_by_an_extension_module(self):
        module = os.path.join(self.place, 'lockdown' + sysconfig.get_config_var('EXT_SUFFIX'))
        source = self.program(EXTENSION, 'lockdown.c')
        built = subprocess.run(['gcc', '-shared', '-fPIC', source, '-o', module, '-I' + sysconfig.get_config_var('INCLUDEPY')],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if built.returncode:
            self.skipTest('no headers of this Python')
        self.observe('''
            import lockdown
            print(lockdown.lock(%d), flush=True)
        ''' % OPENAT)

    @unittest.skipUnless(shutil.which('gcc'), 'needs gcc')
    def test_before_python_starts(self):
        """A judge's launcher: it forbids to open files for writing, and executes the program."""
        rules = (0x20, 0, 0, 0), (0x15, 1, 0, OPENAT), (6, 0, 0, 0x7fff0000), (0x20, 0, 0, 32), (0x45, 0, 1, 3), (6, 0, 0, 0x80000000), (6, 0, 0, 0x7fff0000)
        source = self.program('''
            #include <unistd.h>
            #include <sys/prctl.h>
            #include <linux/filter.h>
            int main(int count, char **arguments) {
              struct sock_filter rules[] = {%s};
              struct sock_fprog program = {%d, rules};
              prctl(38, 1, 0, 0, 0);
              prctl(22, 2, &program, 0, 0);
              return execv(arguments[1], arguments + 1);
            }
        ''' % (','.join('{%d, %d, %d, %d}' % (code, yes, no, value) for code, yes, no, value in rules), len(rules)), 'judge.c')
        judge = os.path.join(self.place, 'judge')
        if subprocess.run(['gcc', source, '-o', judge], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).returncode:
            self.skipTest('no headers of Linux')
        run = self.new_run()
        env = self.environment()
        code = 'import os, subprocess, sys; print(sorted(os.environ), sys.meta_path, flush=True); subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ))"])'
        # The probe's cache is there by then.
        self.execute([sys.executable, '-c', 'pass'], self.observed(env, run.directory))
        before = len(run.events)
        command = [judge, sys.executable, '-c', code]
        self.same(self.execute(command, self.observed(env, run.directory, ancestor=os.getpid())), self.execute(command, env))
        self.assertEqual(len(run.events), before)


if __name__ == '__main__':
    unittest.main()
