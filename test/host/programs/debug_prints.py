"""Children that print all at once, and their children; what a parent catches or sends elsewhere is not the console's."""
import multiprocessing
import os
import subprocess
import sys


def work(name):
    for number in range(30):
        print(name, number)
    subprocess.run([sys.executable, '-c', f'print("below", {name!r})'])
    caught = subprocess.run([sys.executable, '-c', 'print("caught")'], stdout=subprocess.PIPE).stdout
    print(name, 'has', caught.decode().strip()[::-1], file=sys.stderr)


if __name__ == '__main__':
    print('root begins')
    crew = [multiprocessing.Process(name=f'crew-{number}', target=work, args=(f'crew-{number}',)) for number in range(3)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    subprocess.run([sys.executable, '-c', 'print("hidden")'], stdout=subprocess.DEVNULL)
    os.system('echo by the shell')
    if len(sys.argv) > 1:
        subprocess.run([sys.argv[1], '-e', 'console.log("by Node")'])
    print('root ends')
