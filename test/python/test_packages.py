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
