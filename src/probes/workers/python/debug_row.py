"""`python debug_row.py TARGET DIRECTORY row|keywords ROW` calls a workload's function with one row, in this process,
so that a debugger stops in it. The result goes to standard output; an exception is the program's own."""
import json
import sys


def main():
    from _procession_worker.loading import Refusal, load
    from _procession_worker.tasks import caller
    target, directory, way, row = sys.argv[1:]
    del sys.path[0]
    try:
        function = load(target, directory)
    except Refusal as refusal:
        sys.exit(str(refusal.facts['message']))
    print(repr(caller(function, way == 'keywords')(json.loads(row))))


main()
