"""Results to JSON text."""
import json

# Characters of one result: a string of JavaScript holds twice as many.
longest = 1 << 28
elsewhere = 'write it to a file and return its name'


class Unkept(Exception):
    """A result has no JSON that says the same; the message says why, and what to return instead."""


def plain(value):
    """What json does not know: arrays and numbers of numpy and their like say what they are in plain terms."""
    kind = type(value)
    if getattr(getattr(value, 'dtype', None), 'kind', None) not in ('M', 'm'):
        for name in ('tolist', 'item'):
            convert = getattr(value, name, None)
            if callable(convert):
                found = convert()
                if type(found) is not kind:
                    return found
                raise Unkept('a result of type %s can\'t be kept as JSON: no plain number is the same. Return float(x) or str(x)' % kind.__name__)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    raise Unkept('a result of type %s can\'t be kept as JSON. Return numbers, texts, lists or dictionaries, or str(x); anything else: %s' % (kind.__name__, elsewhere))


def finite(value):
    """The same with null for NaN and infinities."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return finite(plain(value))


def collide(value):
    """Whether keys of one dictionary are the same once they are texts, as 1 and '1'."""
    found = [value]
    while found:
        part = found.pop()
        if isinstance(part, dict):
            if any(type(key) is not str for key in part) and len({json.dumps({key: 0}) for key in part}) < len(part):
                return True
            part = part.values()
        found.extend(item for item in part if isinstance(item, (dict, list, tuple)))
    return False


def encoder(null_for_nan=False):
    """Results to JSON text; the commonest kinds take the short way. Raises Unkept."""
    full = json.JSONEncoder(allow_nan=False, default=plain, separators=(',', ':')).encode
    quote = json.encoder.encode_basestring_ascii
    short = {bool: lambda value: 'true' if value else 'false', int: int.__repr__, type(None): lambda value: 'null'}.get

    def whole(value):
        try:
            text = full(value)
        except ValueError as error:
            if 'Out of range' not in str(error):
                raise
            if not null_for_nan:
                raise Unkept('the result holds NaN or an infinity, for which JSON has no word. Return None or a text for it, or say "nan": "null" (--nan null)')
            text = full(finite(value))
        if '{"' in text and isinstance(value, (dict, list, tuple)) and collide(value):
            raise Unkept('the result has keys that are the same as texts, as 1 and \'1\'. Return keys that differ')
        return text

    def encode(value):
        kind = type(value)
        quick = short(kind)
        if quick is not None:
            return quick(value)
        try:
            text = quote(value) if kind is str else whole(value)
        except RecursionError:
            raise Unkept('the result is nested too deeply, or refers to itself. Return less of it, or %s' % elsewhere)
        except ValueError as error:
            raise Unkept('the result can\'t be kept as JSON: %s' % ('it contains itself' if 'Circular' in str(error) else error))
        except TypeError as error:
            raise Unkept('the result can\'t be kept as JSON: %s' % error)
        if len(text) > longest:
            raise Unkept('the result is %d MB of JSON, and %d MB is the most that is kept: %s' % (len(text) >> 20, longest >> 20, elsewhere))
        return text
    return encode
