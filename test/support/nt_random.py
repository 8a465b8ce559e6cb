# SPDX-License-Identifier: BSD-2-Clause
"""Random NT backup files."""

import random

from nt_ids import (
    ALTERNATE_DATA, CONTAINS_SECURITY, DATA, EA_DATA, GHOSTED_FILE_EXTENTS,
    LINK, OBJECT_ID, PROPERTY_DATA, REPARSE_DATA, SECURITY_DATA,
    SPARSE_ATTRIBUTE, TXFS_DATA)
from nt_names import utf16
from nt_records import block, record

# Parts of names: every escape, and what is near one.
NAME_PARTS = [
    "stream", "Zone.Identifier", "a b", "\n", "\x05SummaryInformation", "/",
    "%", "\0", "\ud800", "\udc00", "\ud800\ud800", "\U0001f600", "é", "€",
    "~", "a~b", "#2", "#1", "#02", "a#10", "#", "..", ".", "*?", "%41",
    "%u0041", "x#2~", "\uffff", "sedabcdef", "\u202e", "$DATA", " ",
]
LONG_PARTS = ["€" * 255, "a" * 255, "\ud801" * 255]
TYPES = [":$DATA", ":$DATA", ":$DATA", ":$INDEX", ":$data", ":$DATA:$DATA", ":"]
OTHER_IDS = [EA_DATA, SECURITY_DATA, LINK, PROPERTY_DATA, OBJECT_ID,
             REPARSE_DATA, TXFS_DATA, GHOSTED_FILE_EXTENTS,
             0, 12, 0x100, 0xBAC00001, 0xFFFFFFFF]
ATTRIBUTES = [0, 0, 0, 1, 2, 4, 8, 0x10, 0x80000000, 0xFFFFFFFF]
UNIT = 65536  # what NTFS allocates of a sparse file at once


class Generator:
    """Makes random backup files; equal seeds give equal files.

    seed picks the shape of the main stream in turn, so that consecutive
    seeds have them all. plain_names leaves out what a child name cannot hold
    outside a mount or cannot be made from; canonical leaves out what a writer
    of streams would not write again: orphans, duplicates, odd attributes.
    """

    def __init__(self, seed, plain_names=False, canonical=False):
        self.seed = seed
        self.random = random.Random(seed)
        self.plain_names = plain_names
        self.canonical = canonical

    def payload(self, limit=5000):
        size = self.random.choice(
            [0, 1, 7, 8, 19, 20, 4095, 4096, 4097,
             self.random.randrange(limit)])
        return self.random.randbytes(min(size, limit))

    def raw_name(self):
        """The raw name of an alternate stream."""
        rng = self.random
        if self.plain_names:
            parts = rng.choices(NAME_PARTS, k=rng.randrange(1, 4))
            return utf16(":" + "".join(parts) + ":$DATA")
        kind = rng.randrange(12)
        if kind == 0:
            return b""
        if kind == 1:
            return utf16(rng.choice(["x", "x:$DATA", ":", "::", "::$DATA",
                                     "%", "/", "\0", "~", "#2", ":x#2",
                                     "\ud800", "é", "\U0001f600x", "a:b"]))
        if kind == 2:
            return utf16(":" + rng.choice(LONG_PARTS) + rng.choice(TYPES))
        if kind == 3:
            return utf16(":" + "".join(rng.choices(NAME_PARTS, k=600))[:2000]
                         + rng.choice(TYPES))
        parts = rng.choices(NAME_PARTS, k=rng.randrange(1, 4))
        return utf16(":" + "".join(parts) + rng.choice(TYPES))

    def attributes(self, default=0):
        if self.canonical:
            return default
        return self.random.choice(ATTRIBUTES)

    def opaque(self, sid=None):
        if sid is None:
            sid = self.random.choice(OTHER_IDS)
        name = b""
        if not self.plain_names and not self.random.randrange(8):
            name = self.raw_name()
        default = CONTAINS_SECURITY if sid == SECURITY_DATA else 0
        return record(sid, self.attributes(default), self.payload(), name)

    def blocks(self, count):
        """Blocks in order, and where the last one ends."""
        out, at = [], 0
        for _ in range(count):
            at += UNIT * self.random.randrange(1, 5)
            size = UNIT * self.random.randrange(1, 3)
            out.append(block(at, self.random.randbytes(size)))
            at += size
        return out, at

    def windows_shape(self, shape, sid, name):
        """The six shapes of a main or alternate stream that Windows emits."""
        def head(attributes=SPARSE_ATTRIBUTE, payload=b""):
            return record(sid, attributes, payload, name)

        size = self.random.randrange(1, 40 * UNIT)
        if shape == 0:  # empty, not sparse, or sparse on an older Windows
            return [] if sid == DATA else [head(0)]
        if shape == 1:  # empty, sparse
            return [head()]
        if shape == 2:  # the same with a bare terminator
            return [head(), block(0)]
        if shape == 3:  # all hole
            return [head(), block(size)]
        if shape == 4:  # one range that covers it
            attributes = self.random.choice([0, SPARSE_ATTRIBUTE])
            return [head(attributes, self.payload(3 * UNIT))]
        blocks, end = self.blocks(self.random.randrange(1, 5))
        return [head(), *blocks, block(end + self.random.choice([0, 1, size]))]

    def odd_shape(self, shape, sid, name):
        """Sparse streams that Windows takes, but does not write."""
        rng = self.random
        content = b""
        blocks, end = self.blocks(3)
        if shape == 0:  # no terminator
            pass
        elif shape == 1:  # backward, the terminator first
            blocks = [block(end + 5), *reversed(blocks)]
        elif shape == 2:  # overlapping, unaligned
            for _ in range(8):
                at = rng.randrange(4 * UNIT)
                blocks.append(block(at, rng.randbytes(rng.randrange(3 * UNIT))))
            rng.shuffle(blocks)
        elif shape == 3:  # content and blocks
            content = rng.randbytes(rng.randrange(1, 4 * UNIT))
            blocks.append(block(end))
        elif shape == 4:  # touching, with gaps smaller than a page
            at = 3
            blocks = []
            for gap in (0, 1, 0, 511, 4096, 100, 0):
                size = rng.randrange(1, 9000)
                blocks.append(block(at + gap, rng.randbytes(size)))
                at += gap + size
        elif shape == 5:  # two terminators, a block beyond the first
            blocks = [blocks[0], block(end), blocks[1], blocks[2],
                      block(end + UNIT)]
        else:  # other ids between a stream and its blocks
            spread = []
            for one in blocks:
                spread += [self.opaque(), one]
            blocks = spread
        attributes = rng.choice([0, SPARSE_ATTRIBUTE])
        return [record(sid, attributes, content, name), *blocks]

    def main_stream(self):
        shapes = 6 if self.canonical else 13
        shape = self.seed % shapes
        if shape < 6:
            return self.windows_shape(shape, DATA, b"")
        return self.odd_shape(shape - 6, DATA, b"")

    def alternate_stream(self, name):
        kind = self.random.randrange(16)
        if kind < 6:
            return self.windows_shape(kind, ALTERNATE_DATA, name)
        if kind < 9 and not self.canonical:
            shape = self.random.randrange(7)
            return self.odd_shape(shape, ALTERNATE_DATA, name)
        return [record(ALTERNATE_DATA, self.attributes(), self.payload(), name)]

    def records(self):
        rng = self.random
        if not self.canonical and self.seed % 29 == 28:
            return []
        out = []
        if not self.canonical and not rng.randrange(6):
            out += [block(rng.randrange(UNIT), b"orphan"), block(0)]
        ids = rng.sample(OTHER_IDS, k=rng.randrange(4))
        if self.canonical:
            ids = [sid for sid in ids if sid]
        middle = rng.randrange(len(ids) + 1)
        out += [self.opaque(sid) for sid in ids[:middle]]
        out += self.main_stream()
        out += [self.opaque(sid) for sid in ids[middle:]]
        names = []
        for _ in range(rng.randrange(6)):
            name = self.raw_name()
            if names and not self.canonical and not rng.randrange(4):
                name = rng.choice(names)
            if self.canonical and name in names:
                continue
            names.append(name)
            out += self.alternate_stream(name)
            if not self.canonical and not rng.randrange(5):
                out.append(self.opaque())
        if not self.canonical and not rng.randrange(5):
            out += self.windows_shape(rng.randrange(1, 6), DATA, b"")
        return out


def generate(seed, **options):
    return b"".join(Generator(seed, **options).records())
