"""How a shell starts a program: fork a copy, which then replaces itself by the program."""
import os

if __name__ == '__main__':
    child = os.fork()
    if child == 0:
        os.execvp('sh', ['sh', '-c', 'sleep 0.3; exit 8'])
    _, status = os.waitpid(child, 0)
    print('exit code', os.WEXITSTATUS(status))
