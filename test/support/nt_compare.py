# SPDX-License-Identifier: BSD-2-Clause
"""Compares backup files with mounted objects, and with each other."""

import os
import stat

from nt_records import listing

READ_AT_ONCE = 1 << 20
PROBES_MAX = 64 << 20  # holes up to this size are read whole


def seek_ranges(fd, size):
    """[(start, end)] of the data, as SEEK_DATA and SEEK_HOLE tell."""
    ranges = []
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        at = os.lseek(fd, start, os.SEEK_HOLE)
        ranges.append((start, at))
    return ranges


def _check_ranges(stream, found):
    """Reported data must cover the real one, and exceed it by pages only."""
    page = 4096
    rounded = []
    for start, end in stream.ranges():
        start, end = start // page * page, -(-end // page) * page
        if rounded and rounded[-1][1] >= start:
            rounded[-1] = (rounded[-1][0], end)
        else:
            rounded.append((start, end))

    def within(part, whole):
        return any(low <= part[0] and part[1] <= high for low, high in whole)

    return all(within(part, found) for part in stream.ranges()) \
        and all(within(part, rounded) for part in found)


def _compare_bytes(fd, data, stream, start, end):
    at = start
    while at < end:
        want = stream.read(data, at, min(READ_AT_ONCE, end - at))
        got = os.pread(fd, len(want), at)
        if got != want:
            same = len(os.path.commonprefix([got, want]))
            return [f"differs at byte {at + same}"]
        at += len(want)
    return []


def _compare_content(fd, data, stream):
    """All of it, but of huge holes only the edges."""
    faults = []
    at = 0
    for start, end in [*stream.ranges(), (stream.size, stream.size)]:
        if start - at > PROBES_MAX:
            faults += _compare_bytes(fd, data, stream, at, at + READ_AT_ONCE)
            at = start - READ_AT_ONCE
        faults += _compare_bytes(fd, data, stream, at, end)
        at = end
    if os.pread(fd, 1, stream.size):
        faults.append("gives bytes beyond its end")
    return faults


def _compare_stat(st, stream):
    faults = []
    if not stat.S_ISREG(st.st_mode):
        faults.append("is no regular file")
    if st.st_size != stream.size:
        faults.append(f"size is {st.st_size}, not {stream.size}")
    stored = stream.stored()
    blocks = st.st_blocks * 512
    most = stored + 4096 * (2 * len(stream.ranges()) + 1)
    if not stored <= blocks <= most:
        faults.append(f"{st.st_blocks} blocks for {stored} stored bytes")
    return faults


def compare(data, objectdir, records=None):
    """What is different between a backup file's bytes and a mounted object."""
    objectdir = os.fsencode(objectdir)
    expected = listing(data, records)
    shown = os.listdir(objectdir)
    faults = []
    if len(set(shown)) != len(shown):
        faults.append("a name is listed twice")
    for child in sorted(set(expected) - set(shown)):
        faults.append(f"{child!r}: is missing")
    for child in sorted(set(shown) - set(expected)):
        faults.append(f"{child!r}: should not be there")
    for child, stream in expected.items():
        try:
            fd = os.open(os.path.join(objectdir, child), os.O_RDONLY)
        except OSError as error:
            faults.append(f"{child!r}: cannot be opened: {error.strerror}")
            continue
        try:
            found = _compare_stat(os.fstat(fd), stream)
            found += _compare_content(fd, data, stream)
            ranges = seek_ranges(fd, stream.size)
            if not _check_ranges(stream, ranges):
                found.append(f"data at {ranges[:8]}, not {stream.ranges()[:8]}")
        finally:
            os.close(fd)
        faults += [f"{child!r}: {fault}" for fault in found]
    return faults


def differences(data, other, attributes=False):
    """What is different between the streams of two backup files."""
    ours, theirs = listing(data), listing(other)
    faults = [f"{child!r}: is in one of both only"
              for child in sorted(set(ours) ^ set(theirs))]
    for child in sorted(set(ours) & set(theirs)):
        one, two = ours[child], theirs[child]
        if one.size != two.size:
            faults.append(f"{child!r}: {one.size} and {two.size} bytes")
        elif one.content(data) != two.content(other):
            faults.append(f"{child!r}: the content differs")
        if attributes and one.head.attributes != two.head.attributes:
            faults.append(f"{child!r}: attributes {one.head.attributes:#x} "
                          f"and {two.head.attributes:#x}")
    return faults
