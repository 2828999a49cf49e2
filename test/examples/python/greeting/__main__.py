"""python -m greeting runs this file: a folder with a __main__.py is a program."""
import sys

print('hello from', __package__)
sys.exit(2)
