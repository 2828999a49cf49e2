"""A program that is not there never becomes a process: subprocess raises before anything runs."""
import subprocess

if __name__ == '__main__':
    try:
        subprocess.Popen(['no-such-program'])
    except FileNotFoundError as error:
        print(error.strerror, error.filename)
