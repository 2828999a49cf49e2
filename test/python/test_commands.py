"""subprocess, posix_spawn, fork and exec, system, asyncio: children that are commands."""
import os
import sys
import unittest

from support import ProbeCase


class Commands(ProbeCase):
    def test_run(self):
        run = self.observe('''
            import subprocess, sys
            def go():
                return subprocess.run([sys.executable, '-c', 'import sys; sys.exit(3)'], cwd='/').returncode
            print(go())
        ''')
        spawn = run.one('spawn')
        self.assertEqual((spawn['method'], spawn['argv'][0], spawn['argv'][2], spawn['cwd'], spawn['site']['line']),
                         ('subprocess', sys.executable, 'import sys; sys.exit(3)', '/', 4))
        start = run.one('start', id=spawn['child'])
        self.assertEqual((start['parent'], start['cwd'], start['argv']), (run.root, '/', spawn['argv']))
        reap = run.one('reap')
        self.assertEqual((reap['child'], reap['code'], reap['signal']), (spawn['child'], 3, None))

    def test_ways_to_wait(self):
        run = self.observe('''
            import asyncio, os, subprocess
            children = []
            def child():
                children.append(subprocess.Popen(['sh', '-c', 'exit 6']))
                return children[-1]
            child().wait()
            process = child()
            while process.poll() is None: pass
            child().communicate()
            child(), os.wait()
            child(), os.wait3(0)
            os.wait4(child().pid, 0)
            os.waitid(os.P_PID, child().pid, os.WEXITED)
            subprocess.call('exit 6', shell=True)
            async def main():
                process = await asyncio.create_subprocess_exec('sh', '-c', 'exit 6')
                print(await process.wait())
            asyncio.run(main())
        ''')
        children = [spawn['child'] for spawn in run.of('spawn', method='subprocess')]
        self.assertEqual(len(children), 9)
        self.assertEqual([(reap['child'], reap['code']) for reap in run.of('reap')], [(child, 6) for child in children])
        self.assertTrue(all('line' in spawn['site'] for spawn in run.of('spawn')))

    def test_killed_by_a_signal(self):
        run = self.observe('''
            import subprocess
            child = subprocess.Popen(['sleep', '50'])
            child.terminate()
            print(child.wait())
        ''')
        child = run.one('spawn')['child']
        sent = run.one('signal')
        self.assertEqual((sent['to'], sent['signal'], sent['via'], sent['site']['line']),
                         (child, 'SIGTERM', 'Popen.terminate', 4))
        reap = run.one('reap')
        self.assertEqual((reap['child'], reap['code'], reap['signal']), (child, None, 'SIGTERM'))

    def test_stopped_is_not_reaped(self):
        run = self.observe('''
            import os, signal, subprocess
            child = subprocess.Popen(['sleep', '50'])
            os.kill(child.pid, signal.SIGSTOP)
            print(os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1]))
            os.kill(child.pid, 0)
            os.kill(child.pid, signal.SIGKILL)
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            child.wait()
        ''')
        self.assertEqual([event['signal'] for event in run.of('signal')], ['SIGSTOP', 'SIGKILL'])
        self.assertEqual(run.one('reap')['signal'], 'SIGKILL')

    def test_groups(self):
        run = self.observe('''
            import os, signal, subprocess
            child = subprocess.Popen(['sleep', '50'], start_new_session=True)
            os.killpg(child.pid, signal.SIGINT)
            print(child.wait())
        ''')
        sent = run.one('signal')
        self.assertEqual((sent['to'], sent['signal'], sent['via']),
                         ('-' + run.one('spawn')['child'].split('.')[0], 'SIGINT', 'os.killpg'))

    def test_missing_command(self):
        run = self.observe('''
            import subprocess
            for options in ({}, {'cwd': '/no/such/place'}, {'preexec_fn': print}):
                try: subprocess.Popen(['no-such-command-%d' % len(options)], **options)
                except OSError as error: print(error)
            subprocess.Popen(['/etc/passwd'])
        ''')
        self.assertEqual([(failed['argv'], failed['message']) for failed in run.of('spawnFailed')], [
            (['no-such-command-0'], 'No such file or directory'), (['no-such-command-1'], 'No such file or directory'),
            (['no-such-command-1'], 'No such file or directory'), (['/etc/passwd'], 'Permission denied')])
        self.assertEqual(run.of('spawn') + run.of('reap'), [])
        self.assertEqual(len(run.of('start')), 1)

    def test_every_environment_lets_the_probe_through(self):
        run = self.observe('''
            import os, subprocess, sys
            python = sys.executable
            code = 'import os, sys; print(sorted(os.environ.items()), sys.path[1:]); sys.stdout.flush()'
            command = [python, '-c', code]
            os.environ['MINE'] = 'yes'
            subprocess.run(command, env={})
            subprocess.run(command, env={b'A': b'1', 'PYTHONPATH': '/mine'})
            subprocess.run(command, env=dict(os.environ, PYTHONPATH='', NODE_OPTIONS='--no-warnings'))
            os.environ['PYTHONPATH'] = '/other'
            subprocess.run(command)
            os.system('"%s" -c "%s"' % (python, code))
            os.waitpid(os.posix_spawn(python, command, {'A': '1'}), 0)
            os.waitpid(os.posix_spawn(python, command, os.environ), 0)
            os.spawnve(os.P_WAIT, python, command, {'PROCESSION': 'mine'})
            os.spawnv(os.P_WAIT, python, command)
            del os.environ['PYTHONPATH']
            subprocess.run(command)
            pid = os.fork()
            if not pid:
                os.execve(python, command, {'B': '2'})
            os.waitpid(pid, 0)
            os.environ.clear()
            subprocess.run(command)
            os.unsetenv('PYTHONPATH')
            subprocess.run(command, preexec_fn=lambda: None)
        ''', compare=False)
        starts = [start for start in run.of('start') if start['argv'][1] == '-c']
        self.assertEqual(len(starts), 13)
        self.assertEqual({start['parent'] for start in starts}, {run.root})
        self.assertNotIn(b'PROCESSION', run.result.stdout.replace(b"'PROCESSION', 'mine'", b''))
        self.assertNotIn(b'probes', run.result.stdout)

    def test_environments_look_the_same(self):
        self.observe('''
            import os, subprocess, sys
            command = [sys.executable, '-c', 'import os, sys; print(sorted(os.environ.items()), sys.path[1:])']
            for env in (None, {}, {'PYTHONPATH': '/mine', 'NODE_OPTIONS': '-x'}, {'PYTHONPATH': ''}, dict(os.environ, A='1')):
                subprocess.run(command, env=env)
                os.waitpid(os.posix_spawn(command[0], command, os.environ if env is None else env), 0)
            for value in ('', '/a', '/a:/b'):
                os.environ['PYTHONPATH'] = value
                subprocess.run(command)
        ''')

    def test_exec(self):
        run = self.observe('''
            import os, sys
            try: os.execvp('no-such-command', ['no-such-command'])
            except OSError as error: print(error)
            sys.stdout.flush()
            os.execvp('sh', ['sh', '-c', 'exit 4'])
        ''')
        event = run.one('exec')
        self.assertEqual((event['id'], event['argv'], event['site']['line']), (run.root, ['sh', '-c', 'exit 4'], 6))

    def test_exec_of_python_keeps_the_ancestor(self):
        run = self.observe('''
            import os, sys
            os.execv(sys.executable, [sys.executable, '-c', 'import colorsys'])
        ''')
        first, second = run.of('start')
        self.assertEqual((first['id'], first['parent']), (second['id'], second['parent']))
        self.assertEqual(run.one('exit')['code'], 0)

    def test_through_a_shell_and_other_programs(self):
        run = self.observe('''
            import subprocess, sys
            subprocess.run(['sh', '-c', 'env A=1 "%s" -c "import os; print(sorted(os.environ))"; true' % sys.executable])
        ''', compare=False)
        self.assertEqual(run.of('start')[1]['parent'], run.root)
        self.assertNotIn(b'PROCESSION', run.result.stdout)

    @unittest.skipUnless(os.path.exists('/proc/self/stat'), 'needs /proc')
    def test_identity(self):
        run = self.observe('''
            with open('/proc/self/stat') as file: print(file.read().rsplit(')', 1)[1].split()[19])
        ''', compare=False)
        self.assertEqual(run.root.split('.')[1], run.result.stdout.decode().strip())


if __name__ == '__main__':
    unittest.main()
