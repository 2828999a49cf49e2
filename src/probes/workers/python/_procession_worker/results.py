"""Results to JSON text."""
import json


def plain(value):
    """What json does not know: arrays and numbers of numpy and their like say what they are in plain terms."""
    for name in ('tolist', 'item'):
        convert = getattr(value, name, None)
        if callable(convert):
            return convert()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    raise TypeError('a result of type %s can\'t be kept as JSON. Return numbers, texts, lists or dictionaries; write anything else to a file and return its name' % type(value).__name__)


def finite(value):
    """NaN and infinities have no place in JSON; as in JavaScript and pandas they become null."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return finite(plain(value))


def encoder():
    """Results to JSON text; the commonest kinds take the short way."""
    full = json.JSONEncoder(allow_nan=False, default=plain, separators=(',', ':')).encode
    quote = json.encoder.encode_basestring_ascii
    short = {bool: lambda value: 'true' if value else 'false', int: int.__repr__, str: quote, type(None): lambda value: 'null'}.get

    def encode(value):
        quick = short(type(value))
        if quick is not None:
            return quick(value)
        try:
            return full(value)
        except ValueError as error:
            if 'Out of range' not in str(error):
                raise ValueError('the result can\'t be kept as JSON: %s' % error)
            return full(finite(value))
    return encode
