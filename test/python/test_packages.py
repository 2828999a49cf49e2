"""Programs of well-known packages run as they do bare. Skipped where a package is not installed."""
import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from support import TIMEOUT, ProbeCase


def installed(name):
    return unittest.skipUnless(importlib.util.find_spec(name), '%s is not installed' % name)


class Packages(ProbeCase):
    @installed('joblib')
    def test_joblib_loky(self):
        run = self.observe('''
            import os
            from joblib import Parallel, delayed

            def square(number): return number * number

            if __name__ == '__main__':
                print(Parallel(n_jobs=3)(delayed(square)(number) for number in range(20)))
                try:
                    Parallel(n_jobs=2)(delayed(int)(text) for text in ('1', 'x'))
                except ValueError as error:
                    print(error)
        ''')
        workers = run.of('spawn', role='worker')
        self.assertGreaterEqual(len(workers), 3)
        for worker in workers:
            self.assertEqual(run.of('start', id=worker['child'])[0]['runtime'], 'python')

    @installed('torch')
    def test_torch_loader(self):
        run = self.observe('''
            import torch
            from torch.utils.data import DataLoader
            if __name__ == '__main__':
                for method in ('fork', 'spawn'):
                    loader = DataLoader(torch.arange(20), batch_size=4, num_workers=2, multiprocessing_context=method)
                    print([batch.tolist() for batch in loader])
        ''')
        self.assertEqual([spawn['role'] for spawn in run.of('spawn', id=run.root)], ['worker'] * 4)

    LOOP = '''
        import asyncio, os, sys
        async def one(*argv, **options):
            process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, **options)
            out, _ = await process.communicate()
            return process.returncode, out.decode().strip()
        async def shell(code):
            process = await asyncio.create_subprocess_shell('exit %d' % code)
            return await process.wait()
        async def main():
            code = 'import os; print(sorted(key for key in os.environ if key in ("PROCESSION", "PYTHONPATH", "NODE_OPTIONS"))); raise SystemExit(3)'
            print(await one(sys.executable, '-c', code))
            print(await one(sys.executable, '-c', code, env={'A': '1'}))
            print(await one('sh', '-c', 'exit 4'))
            process = await asyncio.create_subprocess_exec('sleep', '30')
            process.terminate()
            print(await process.wait())
            print(await asyncio.gather(*(shell(code) for code in (5, 6, 7))))
            try: await one('/no/such/program')
            except OSError as error: print(type(error).__name__)
            class Protocol(asyncio.SubprocessProtocol):
                def connection_made(self, transport): print('made')
                def process_exited(self): done.set_result(sorted(vars(self)))
            done = asyncio.get_running_loop().create_future()
            await asyncio.get_running_loop().subprocess_exec(Protocol, 'sh', '-c', 'exit 8')
            print(await done)
    '''

    def check_loop(self, run):
        spawns = run.of('spawn', id=run.root)
        self.assertEqual([spawn['argv'][0].rpartition('/')[2][:6] for spawn in spawns], ['python', 'python', 'sh', 'sleep', 'sh', 'sh', 'sh', 'sh'])
        self.assertEqual({spawn['method'] for spawn in spawns}, {'subprocess'})
        ends = {reap['child']: (reap['code'], reap['signal']) for reap in run.of('reap')}
        self.assertEqual([ends.get(spawn['child']) for spawn in spawns],
                         [(3, None), (3, None), (4, None), (None, 'SIGTERM'), (5, None), (6, None), (7, None), (8, None)])
        self.assertEqual({start['parent'] for start in run.of('start') if start['id'] != run.root}, {run.root})
        self.assertEqual(len(run.of('start')), 3)
        sent = run.one('signal')
        self.assertEqual((sent['to'], sent['signal'], sent['site']['function']), (spawns[3]['child'], 'SIGTERM', 'main'))

    def test_asyncio(self):
        self.check_loop(self.observe(self.LOOP + '''
        asyncio.run(main())
        '''))

    @installed('uvloop')
    def test_uvloop(self):
        self.check_loop(self.observe(self.LOOP + '''
        import uvloop
        uvloop.install()
        asyncio.run(main())
        ''', python=('-W', 'ignore')))

    @installed('gevent')
    def test_gevent(self):
        run = self.observe('''
            from gevent import monkey; monkey.patch_all()
            import gevent, multiprocessing, os, subprocess, sys
            def work(code): sys.exit(code)
            def fork(code):
                pid = os.fork()
                if not pid: os._exit(code)
                return os.waitpid(pid, 0)[1] >> 8
            def run(code): return subprocess.run(['sh', '-c', 'exit %d' % code]).returncode
            if __name__ == '__main__':
                print(run(3), fork(4))
                for call in (run, fork):
                    jobs = [gevent.spawn(call, code) for code in (10, 11, 12)]
                    gevent.joinall(jobs)
                    print([job.value for job in jobs])
                child = multiprocessing.get_context('fork').Process(target=work, args=(5,))
                child.start()
                child.join()
                child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)'])
                child.terminate()
                print(child.wait())
        ''', python=('-W', 'ignore'))
        ends = sorted(((reap['code'] or 0, reap['signal']) for reap in run.of('reap', id=run.root)), key=str)
        self.assertEqual(ends, sorted([(code, None) for code in (3, 4, 10, 11, 12, 10, 11, 12, 5)] + [(0, 'SIGTERM')], key=str))
        known = {spawn['child'] for spawn in run.of('spawn')} | {start['id'] for start in run.of('start')}
        self.assertLessEqual({reap['child'] for reap in run.of('reap')}, known)

    @installed('xdist')
    def test_xdist(self):
        self.program('''
            import multiprocessing
            def test_one(): pass
            def test_two(): pass
        ''', 'test_some.py')
        run = self.observe(None, python=('-m', 'pytest', '-q', '-n', '2', '-p', 'no:cacheprovider', '--no-header', 'test_some.py'), compare=False)
        named = [(about['role'], about['name']) for about in run.of('self') if about['id'] != run.root]
        self.assertEqual(sorted(named), [('worker', 'gw0'), ('worker', 'gw1')])

    @installed('gunicorn')
    def test_gunicorn(self):
        self.program('''
            import os
            def application(environ, start_response):
                start_response('200 OK', [('Content-Type', 'text/plain')])
                return [b'ours ' + str('PROCESSION' in os.environ).encode()]
        ''', 'served.py')
        bare, observed = self.serve(None), self.serve(self.new_run())
        self.assertEqual(bare, observed)

    def serve(self, run):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        env = self.environment()
        command = [sys.executable, '-m', 'gunicorn', '-w', '4', '-b', '127.0.0.1:%d' % port, 'served:application']
        with open(os.path.join(self.place, 'log'), 'wb+') as log:
            server = subprocess.Popen(command, cwd=self.place, env=self.observed(env, run.directory) if run else env,
                                      stdout=log, stderr=log)
            try:
                bodies = {self.get(port, server) for _ in range(5)}
                self.until(log, b'Booting worker with pid', 4)
                server.send_signal(signal.SIGTERM)
                code = server.wait(TIMEOUT)
            finally:
                if server.poll() is None:
                    server.kill()
                    server.wait()
        if run:
            workers = run.of('start', method='os.fork', parent=run.root)
            self.assertEqual(len(workers), 4)
            for worker in workers:
                about = run.one('self', id=worker['id'])
                self.assertEqual((about['name'], about['role']), ('gunicorn: worker [served:application]', 'worker'))
                self.assertEqual(run.one('exit', id=worker['id'])['code'], 0)
                self.assertEqual(run.one('reap', child=worker['id'])['code'], 0)
        return bodies, code

    def get(self, port, server):
        end = time.monotonic() + TIMEOUT
        while True:
            connection = http.client.HTTPConnection('127.0.0.1', port, timeout=TIMEOUT)
            try:
                connection.request('GET', '/')
                return connection.getresponse().read()
            except ConnectionRefusedError:
                if time.monotonic() > end or server.poll() is not None:
                    raise
                time.sleep(0.02)
            finally:
                connection.close()

    def until(self, log, text, times):
        end = time.monotonic() + TIMEOUT
        while True:
            log.seek(0)
            if log.read().count(text) >= times:
                return
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)


if __name__ == '__main__':
    unittest.main()
