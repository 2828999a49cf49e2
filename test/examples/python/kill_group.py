"""A signal to a process group reaches all in it: os.killpg, or os.kill with a negative number. A new session is a group of its own."""
import os
import signal
import subprocess
import time

SLEEP_TWICE = ['sh', '-c', 'sleep 60 & sleep 61; true']

if __name__ == '__main__':
    polite = subprocess.Popen(SLEEP_TWICE, start_new_session=True)
    forced = subprocess.Popen(SLEEP_TWICE, start_new_session=True)
    time.sleep(0.5)
    os.killpg(polite.pid, signal.SIGTERM)
    os.kill(-forced.pid, signal.SIGKILL)
    for child in (polite, forced):
        print(signal.Signals(-child.wait()).name)
