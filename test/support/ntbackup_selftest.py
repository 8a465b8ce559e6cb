#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does ntbackup.py agree with itself, and with libxxhash?"""

import ctypes
import ctypes.util
import random

from nt_ids import ALTERNATE_DATA, DATA, OFFSET, SPARSE_BLOCK
from nt_names import child_name, is_scratch, parse_child, utf16
from nt_random import OTHER_IDS, Generator, generate
from nt_records import listing, parse, parse_leading
from xxh3 import xxh3_128


def _selftest_names():
    rng = random.Random(1)
    seen = {}
    for seed in range(3000):
        sid = rng.choice([*OTHER_IDS, DATA, SPARSE_BLOCK,
                          *[ALTERNATE_DATA] * 20])
        raw = Generator(seed).raw_name()
        if rng.randrange(3) == 0:
            raw = rng.randbytes(2 * rng.randrange(4))
        name = child_name(sid, raw, rng.choice([1, 1, 2, 10]))
        key = (sid, raw, name)
        assert seen.setdefault(name, key) == key, (name, key, seen[name])
        assert b"/" not in name and b"\0" not in name and name, name
        assert not is_scratch(name), name
        if b"%~" not in name:
            assert parse_child(name)[:2] == (sid, raw), (name, sid, raw)
    table = {
        (4, ":x:$DATA"): b":x", (4, ":x:$INDEX"): b":x:$INDEX",
        (4, ":x:y:$DATA"): b":x:y:$DATA", (4, ":x"): b"%3Ax",
        (4, "x:$DATA"): b"%78:$DATA", (4, ""): b"%", (1, ""): b"data",
        (12, ""): b"id_0000000c", (12, ":x:$DATA"): b"id_0000000c:x",
        (4, ":a/b%\0:$DATA"): b":a%2Fb%25%00",
        (4, ":a#2:$DATA"): b":a%232", (4, ":a~:$DATA"): b":a%7E",
        (4, ":\ud800x:$DATA"): b":%uD800x",
        (4, ":a#02:$DATA"): b":a#02", (4, ":a#1:$DATA"): b":a#1",
    }
    for (sid, text), name in table.items():
        assert child_name(sid, utf16(text)) == name, (text, name)
    for name in (b"foo", b"data2", b":x%41", b":a%7e", b"data#1",
                 b"id_00000004", b":x:$DATA", b"%3ax", b":x#02#",
                 b"id_0000000C", b":a%00%"):
        got = parse_child(name)
        assert got is None or child_name(*got) == name, name




def _selftest_hash():
    path = ctypes.util.find_library("xxhash")
    if not path:
        print("XXH3 was not compared with libxxhash: not installed")
        return

    class Hash128(ctypes.Structure):
        _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]

    function = ctypes.CDLL(path).XXH3_128bits
    function.restype = Hash128
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    for size in (241, 256, 1024, 1025, 1088, 2048, 65535, 65536):
        data = random.Random(size).randbytes(size)
        got = function(data, size)
        assert xxh3_128(data) == got.high << 64 | got.low, size


def _selftest_files():
    shapes = set()
    for seed in range(200):
        for options in ({}, {"canonical": True, "plain_names": True}):
            data = generate(seed, **options)
            assert data == generate(seed, **options)
            records = parse(data)
            assert b"".join(r.bytes(data) for r in records) == data
            streams = listing(data)
            held = sum(len(s.records) for s in streams.values())
            assert held == len(records), seed
            for stream in streams.values():
                _selftest_paint(data, stream)
            if not options.get("canonical"):
                shapes.add(tuple(r.id for r in records))
        for cut in range(1, min(len(data), 40)):
            parse_leading(data[:-cut])
    assert len(shapes) > 100


def _selftest_paint(data, stream):
    """The same content by writing the blocks one after another."""
    out = bytearray(stream.size)
    out[:stream.head.size] = data[stream.head.payload:stream.head.end]
    for rec in stream.records[1:]:
        at = OFFSET.unpack_from(data, rec.payload)[0]
        out[at:at + rec.size - 8] = data[rec.payload + 8:rec.end]
    assert bytes(out) == stream.content(data)


def selftest():
    _selftest_names()
    _selftest_hash()
    _selftest_files()


if __name__ == "__main__":
    selftest()
