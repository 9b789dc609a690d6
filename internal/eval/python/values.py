# How values travel between the test and the candidate: as JSON, with a tag where JSON has no such type. Nothing that is
# read here is executed, so neither side can hand the other an object with a will of its own.
import itertools
import json
import os
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

MOST = 100000  # items taken from an iterator


class Opaque:
    """A value of a type that does not travel. It equals nothing; what it would yield, it yields."""

    def __init__(self, kind, items):
        self.kind, self.items = kind, items

    def __iter__(self):
        return iter(self.items)

    def __repr__(self):
        return "<%s>" % self.kind


def pack(v):
    if v is None or v is True or v is False:
        return v
    if isinstance(v, int):
        return int(v)
    if isinstance(v, float):
        return {"f": float(v).hex()}
    if isinstance(v, str):
        return str.__str__(v)
    if isinstance(v, list):
        return [pack(x) for x in v]
    if isinstance(v, tuple):
        return {"t": [pack(x) for x in v]}
    if isinstance(v, dict):
        return {"d": [[pack(k), pack(x)] for k, x in v.items()]}
    if isinstance(v, (set, frozenset)):
        return {"s": [pack(x) for x in v]}
    if isinstance(v, (bytes, bytearray)):
        return {"b": bytes(v).hex()}
    if isinstance(v, complex):
        return {"c": [v.real.hex(), v.imag.hex()]}
    items = []
    if hasattr(v, "__iter__"):
        items = [pack(x) for x in itertools.islice(iter(v), MOST)]
    return {"o": type(v).__name__, "i": items}


def unpack(v):
    if isinstance(v, list):
        return [unpack(x) for x in v]
    if not isinstance(v, dict):
        return v
    if "f" in v:
        return float.fromhex(v["f"])
    if "t" in v:
        return tuple(unpack(x) for x in v["t"])
    if "d" in v:
        return {unpack(k): unpack(x) for k, x in v["d"]}
    if "s" in v:
        return set(unpack(x) for x in v["s"])
    if "b" in v:
        return bytes.fromhex(v["b"])
    if "c" in v:
        return complex(float.fromhex(v["c"][0]), float.fromhex(v["c"][1]))
    return Opaque(str(v["o"])[:100], [unpack(x) for x in v["i"]])


def send(stream, message):
    stream.write(json.dumps(message).encode("ascii") + b"\n")
    stream.flush()
