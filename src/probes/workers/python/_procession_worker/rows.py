"""Rows that can't be read as they were sent, because of one among them."""
import json
import re

from .failures import said

tokens = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{},]')


class Unreadable:
    """Stands for a row; `failure` is what its task failed of."""

    def __init__(self, error):
        why = 'it is nested too deeply' if isinstance(error, RecursionError) else said(error)
        self.failure = 1, json.dumps({'type': type(error).__name__, 'message': 'the row can\'t be read: %s' % why, 'file': None, 'line': None}), '-'


def one_by_one(line):
    """The rows of a batch, each read for itself."""
    rows = []
    depth, start = 0, None
    for found in tokens.finditer(line):
        token = found.group()
        if token in b'[{':
            depth += 1
            if depth == 1:
                start = found.end()
        elif token in b']}':
            depth -= 1
        if depth == 0 or (depth == 1 and token == b','):
            rows.append(readable(line[start:found.start()]))
            start = found.end()
    return rows


def readable(text):
    try:
        return json.loads(text)
    except Exception as error:
        return Unreadable(error)


def reading(run):
    """The function that runs one row, for rows some of which may not have been read."""
    return lambda row: row.failure if type(row) is Unreadable else run(row)
