"""Programs of any language are processes like all others: here awk, which has a shell run a command."""
import subprocess

if __name__ == '__main__':
    done = subprocess.run(['awk', 'BEGIN { system("sleep 0.4"); print 6 * 7; exit 9 }'], stdout=subprocess.PIPE, universal_newlines=True)
    print('awk says', done.stdout.strip(), '- exit code', done.returncode)
