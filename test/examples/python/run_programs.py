"""subprocess.run starts a program, waits and hands back what it printed. With shell=True a shell stands in between."""
import subprocess

if __name__ == '__main__':
    done = subprocess.run(['echo', 'a program'], stdout=subprocess.PIPE, text=True)
    print(done.stdout.strip(), done.returncode)
    done = subprocess.run('echo through a shell; exit 3', shell=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout.strip(), done.returncode)
    try:
        subprocess.run(['sleep', '60'], timeout=0.2)
    except subprocess.TimeoutExpired:
        print('killed after its time was over')
