"""os.abort ends the process by SIGABRT, as a failed assertion in C does."""
import os

if __name__ == '__main__':
    print('before', flush=True)
    os.abort()
