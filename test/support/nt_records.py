# SPDX-License-Identifier: BSD-2-Clause
"""NT backup files: records, and the streams that they make.

Written from the specification ([MS-BKUP] section 2) and not from the C code,
so that the tests have a second opinion. Speed does not matter here.
"""

from nt_ids import (
    ALTERNATE_DATA, DATA, HEADER, NAME_MAX, OFFSET, SIZE_MAX,
    SPARSE_ATTRIBUTE, SPARSE_BLOCK)
from nt_names import child_name, utf16


class Malformed(Exception):
    """The bytes are no backup file; offset is that of the wrong record."""

    def __init__(self, offset, reason):
        super().__init__(f"{reason} at offset {offset}")
        self.offset = offset
        self.reason = reason


# Records.


class Record:
    """One header with its name, and where its payload stands."""

    def __init__(self, offset, stream_id, attributes, size, name):
        self.offset = offset
        self.id = stream_id
        self.attributes = attributes
        self.size = size
        self.name = name
        self.payload = offset + HEADER.size + len(name)
        self.end = self.payload + size

    def bytes(self, data):
        return data[self.offset:self.end]


def parse_leading(data):
    """The intact leading records, and the Malformed that ends them or None."""
    records = []
    offset = 0
    while offset < len(data):
        if len(data) - offset < HEADER.size:
            return records, Malformed(offset, "incomplete header")
        sid, attributes, size, name_size = HEADER.unpack_from(data, offset)
        if name_size % 2 or name_size > NAME_MAX:
            return records, Malformed(offset, "odd or oversized name")
        if size > SIZE_MAX:
            return records, Malformed(offset, "impossible size")
        name_at = offset + HEADER.size
        if name_at + name_size + size > len(data):
            return records, Malformed(offset, "truncated")
        name = bytes(data[name_at:name_at + name_size])
        record = Record(offset, sid, attributes, size, name)
        if sid == SPARSE_BLOCK:
            if size < OFFSET.size:
                return records, Malformed(offset, "sparse block without offset")
            at = OFFSET.unpack_from(data, record.payload)[0]
            if at + size - OFFSET.size > SIZE_MAX:
                return records, Malformed(offset, "sparse block beyond 2^63-1")
        records.append(record)
        offset = record.end
    return records, None


def parse(data):
    records, fault = parse_leading(data)
    if fault:
        raise fault
    return records


def record(sid, attributes=0, payload=b"", name=b""):
    """One encoded record."""
    return HEADER.pack(sid, attributes, len(payload), len(name)) \
        + name + payload


def block(offset, payload=b"", attributes=SPARSE_ATTRIBUTE):
    """One encoded SPARSE_BLOCK; without payload it only moves the end."""
    return record(SPARSE_BLOCK, attributes, OFFSET.pack(offset) + payload)


def alternate(name, payload=b"", attributes=0):
    """One encoded ALTERNATE_DATA with the usual form of name, `:NAME:$DATA`."""
    return record(ALTERNATE_DATA, attributes, payload, utf16(f":{name}:$DATA"))


# Streams: what a mount shows.


class Stream:
    """A record and the sparse blocks that belong to it."""

    def __init__(self, head, child):
        self.head = head
        self.child = child  # bytes
        self.records = [head]
        self.pieces = []  # (offset, length, where), sorted, disjoint
        self.size = 0
        self._cover(0, head.size, head.payload)

    def _cover(self, offset, length, where):
        """Puts bytes over what was there: the last one wins."""
        self.size = max(self.size, offset + length)
        if not length:
            return
        end = offset + length
        kept = []
        for old, old_length, old_where in self.pieces:
            old_end = old + old_length
            if old < offset:
                kept.append((old, min(old_end, offset) - old, old_where))
            if old_end > end:
                start = max(old, end)
                kept.append((start, old_end - start, old_where + start - old))
        kept.append((offset, length, where))
        self.pieces = sorted(p for p in kept if p[1] > 0)

    def add_block(self, data, rec):
        self.records.append(rec)
        offset = OFFSET.unpack_from(data, rec.payload)[0]
        self._cover(offset, rec.size - OFFSET.size, rec.payload + OFFSET.size)

    def ranges(self):
        """[(start, end)] of the data, joined where they touch."""
        joined = []
        for offset, length, _ in self.pieces:
            if joined and joined[-1][1] == offset:
                joined[-1] = (joined[-1][0], offset + length)
            else:
                joined.append((offset, offset + length))
        return joined

    def stored(self):
        return sum(length for _, length, _ in self.pieces)

    def read(self, data, offset, length):
        """Bytes of the content, zeros in the holes, short at the end."""
        length = max(0, min(length, self.size - offset))
        out = bytearray(length)
        for start, size, where in self.pieces:
            low, high = max(start, offset), min(start + size, offset + length)
            if low < high:
                out[low - offset:high - offset] = \
                    data[where + low - start:where + high - start]
        return bytes(out)

    def content(self, data):
        return self.read(data, 0, self.size)


def fold(data, records=None):
    """The streams of a backup file, in the order of the file."""
    if records is None:
        records = parse(data)
    streams = []
    owner = None
    count = {}
    for rec in records:
        if rec.id == SPARSE_BLOCK and owner is not None:
            owner.add_block(data, rec)
            continue
        key = (rec.id, rec.name)
        count[key] = count.get(key, 0) + 1
        stream = Stream(rec, child_name(rec.id, rec.name, count[key]))
        streams.append(stream)
        if rec.id in (DATA, ALTERNATE_DATA):
            owner = stream
    return streams


def listing(data, records=None):
    """{child: Stream}"""
    return {stream.child: stream for stream in fold(data, records)}


def check_written(data, children=None):
    """What is wrong with streams that this filesystem wrote, all or some.

    The blocks of DATA precede any ALTERNATE_DATA ([MS-BKUP] 2.13.1), and a
    sparse stream ends with an empty block at its size.
    """
    faults = []
    streams = fold(data)
    first_alternate = min((s.head.offset for s in streams
                           if s.head.id == ALTERNATE_DATA), default=len(data))
    for stream in streams:
        if len(stream.records) == 1 or \
                children is not None and stream.child not in children:
            continue
        last = stream.records[-1]
        if stream.head.id == DATA and last.offset > first_alternate:
            faults.append("blocks of DATA after an ALTERNATE_DATA")
        if not stream.head.attributes & SPARSE_ATTRIBUTE or stream.head.size:
            faults.append(f"{stream.child!r}: attribute 8 and size 0 expected")
        if last.size != OFFSET.size or \
                OFFSET.unpack_from(data, last.payload)[0] != stream.size:
            faults.append(f"{stream.child!r}: no terminator at its size")
    return faults
