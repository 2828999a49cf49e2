"""The probe's own tools, imported into this process: the JSON writer, the texts of arguments."""
import functools
import json
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'src', 'probes', 'python'))
from _procession import places, texts  # noqa: E402


class Json(unittest.TestCase):
    def test_any_text(self):
        random.seed(3)
        pieces = ['"', '\\', '\n', '\0', '\x7f', 'é', '\u2028', '\udc80', '\ud800', '😀', '</script>', 'plain', ' ', '\x85']
        for _ in range(2000):
            text = ''.join(random.choice(pieces) for _ in range(random.randrange(6)))
            written = texts.dump(text)
            self.assertTrue(written.isascii())
            self.assertEqual(json.loads(written).encode('utf-16', 'surrogatepass'), text.encode('utf-16', 'surrogatepass'))

    def test_every_character(self):
        for code in list(range(0x3000)) + [0xFFFF, 0x10000, 0x10FFFF]:
            self.assertEqual(json.loads(texts.dump(chr(code))), chr(code))

    def test_values(self):
        value = {'a': 1, 'b': [True, False, 2.5, 'x', {'c': (1, 2)}], 'd': -3, 'e': 1e300, 'f': float('nan'), 'g': object()}
        self.assertEqual(json.loads(texts.dump(dict(value, h=None))),
                         {'a': 1, 'b': [True, False, 2.5, 'x', {'c': [1, 2]}], 'd': -3, 'e': None, 'f': None, 'g': None})

    def test_command_lines(self):
        self.assertEqual(texts.words(['a', b'b\xff', 3]), ['a', 'b\udcff', '<int>'])
        self.assertEqual(texts.words('ls'), ['ls'])
        self.assertIsNone(texts.words(iter('ab')))


class Texts(unittest.TestCase):
    def test_plain_arguments(self):
        self.assertEqual(places.arguments((1, 'two', None, 2.5, b'x', True), {'key': [1, (2,), {'a': {3}}]}),
                         "1, 'two', None, 2.5, b'x', True, key=[1, (2,), {'a': {3}}]")
        self.assertIsNone(places.arguments((), {}))
        self.assertEqual(places.arguments((set(), frozenset([1]), (), [], {}), {}), 'set(), frozenset({1}), (), [], {}')

    def test_foreign_code_is_not_run(self):
        class Meta(type):
            def __repr__(cls): raise AssertionError
            __name__ = property(lambda cls: 1 / 0)

        class Rude(metaclass=Meta):
            def __repr__(self): raise AssertionError
            def __getattribute__(self, name): raise AssertionError
            __eq__ = __hash__ = __len__ = __iter__ = __repr__

        class Text(str):
            __repr__ = __len__ = Rude.__repr__

        self.assertEqual(places.arguments((Rude(), [Rude()], Rude, Text('x')), {}), '<Rude>, [<Rude>], Rude, <Text>')
        self.assertIsNone(places.target(Rude()))

    def test_bounds(self):
        deep = []
        for _ in range(1000):
            deep = [deep]
        loop = []
        loop.append(loop)
        huge = ('x' * 10 ** 6, list(range(10 ** 6)), 10 ** 5000, deep, loop, {str(i): i for i in range(1000)})
        self.assertLessEqual(len(places.arguments(huge * 10, {'k': huge})), 400)

    def test_targets(self):
        class Callable:
            def __call__(self): pass

            def method(self): pass

        line = Callable.__call__.__code__.co_firstlineno
        for target, name in ((Callable(), '__call__'), (Callable().method, 'method'),
                             (functools.partial(functools.partial(Callable.method, 1)), 'method')):
            found = places.target(target)
            self.assertEqual((os.path.basename(found['file']), found['function'].rsplit('.', 1)[1]), ('test_journal.py', name))
        self.assertEqual(places.target(Callable())['line'], line)
        for nothing in (None, 7, print, os.getpid, int):
            self.assertIsNone(places.target(nothing))


if __name__ == '__main__':
    unittest.main()
