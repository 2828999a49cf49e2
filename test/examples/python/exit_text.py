"""sys.exit with a text prints it to stderr and ends with code 1."""
import sys

if __name__ == '__main__':
    sys.exit('cannot go on')
