"""Ending programs with Popen: terminate() asks, kill() does not, send_signal() sends what you like."""
import signal
import subprocess


def sleeper():
    return subprocess.Popen(['sleep', '60'])


if __name__ == '__main__':
    polite, forced, hung_up = sleeper(), sleeper(), sleeper()
    polite.terminate()
    forced.kill()
    hung_up.send_signal(signal.SIGHUP)
    for child in (polite, forced, hung_up):
        print(signal.Signals(-child.wait()).name)
