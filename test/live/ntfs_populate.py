# SPDX-License-Identifier: BSD-2-Clause
"""Files with everything that ntfs-3g lets one put on an NTFS volume."""

import os
import random
import struct

from ntfs_calls import attributes, put, set_attributes, set_times
from ntfs_descriptors import DESCRIPTORS

MIB = 1 << 20
LONG = 255
NON_ASCII = "Skjöl ﬁ 漢字 \U0001f4be"
# 1601-01-01 to 1970-01-01, in units of 100 ns.
EPOCH = 116444736000000000
SECOND = 10**7
SETTABLE = {"readonly": 0x1, "hidden": 0x2, "system": 0x4, "archive": 0x20,
            "temporary": 0x100, "offline": 0x1000, "not indexed": 0x2000}
COMPRESSED = 0x800
NEED_EA = 0x80
BIRTH = bytes(range(0x40, 0x70))


def noise(seed, size):
    return random.Random(seed).randbytes(size)


def write(path, data=b""):
    with open(path, "wb") as file:
        file.write(data)


def ea(*entries):
    """$EA of (flags, name, value): the last entry has a next one, too."""
    whole = b""
    for flags, name, value in entries:
        body = struct.pack("<BBH", flags, len(name), len(value)) \
            + name + b"\0" + value
        body += bytes(-len(body) % 4)
        whole += struct.pack("<I", 4 + len(body)) + body
    return whole


def reparse(tag, data, guid=b""):
    return struct.pack("<IHH", tag, len(data), 0) + guid + data


def link_data(target, shown, flags=None, ended=False):
    """Of a junction, or with flags of a symbolic link."""
    end = "\0" if ended else ""
    first, second = [(text + end).encode("utf-16-le")
                     for text in (target, shown)]
    gap = 2 * len(end)
    head = struct.pack("<4H", 0, len(first) - gap, len(first),
                       len(second) - gap)
    return head + (b"" if flags is None else struct.pack("<I", flags)) \
        + first + second


REPARSE = {
    # A directory or not, and the data.
    "junction": (True, reparse(0xa0000003, link_data(
        "\\??\\C:\\somewhere", "C:\\somewhere", ended=True))),
    "relative": (False, reparse(0xa000000c, link_data(
        "plain target", "plain target", 1))),
    "absolute": (False, reparse(0xa000000c, link_data(
        "\\??\\C:\\Windows\\x", "C:\\Windows\\x", 0))),
    "to a directory": (True, reparse(0xa000000c, link_data(
        "..\\streams", "..\\streams", 1))),
    "lx": (False, reparse(0xa000001d, struct.pack("<I", 2)
                          + "/usr/líb/x".encode())),
    "third party": (False, reparse(0x1234, b"somebody's data",
                                   bytes(range(16)))),
}


def streams(volume, top):
    for name, directory in (("file", False), ("directory", True)):
        path = os.path.join(top, name)
        os.mkdir(path) if directory else write(path, b"the unnamed one")
        sizes = {"empty": 0, "small": 5, "64K": 65536, "70K": 70 << 10,
                 NON_ASCII: 3, "x" * LONG: 4, "ó" * LONG: 4, "a b": 1}
        for stream, size in sizes.items():
            write(f"{path}:{stream}", noise(stream, size))
    write(os.path.join(top, "neighbour"), b"has none")
    write(volume.at(":of the root"), b"root")


def large_stream(_, top):
    write(os.path.join(top, "file"), b"small itself")
    with open(os.path.join(top, "file:100M"), "wb") as stream:
        for part in range(100):
            stream.write(noise(part, MIB))


def many_streams(_, top):
    write(os.path.join(top, "file"), b"200 streams")
    for number in range(200):
        write(os.path.join(top, f"file:stream {number}"), b"%d" % number)


def eas(_, top):
    kinds = {"one": [(0, b"ONE", b"value")],
             "needed": [(NEED_EA, b"NEEDED", b"\1\2\3"), (0, b"B", b"x")],
             "empty value": [(0, b"EMPTY", b"")],
             "lower case": [(0, b"lower", b"l")],
             "wsl": [(0, b"$LXUID", bytes(4)), (0, b"$LXMOD", b"\xa4\x81\0\0")],
             "binary": [(0, b"BINARY", bytes(range(256)))],
             "long": [(0, b"N" * 254, noise("ea", 1000))],
             "large": [(0, b"E%d" % i, noise(i, 6000)) for i in range(10)]}
    for name, entries in kinds.items():
        path = os.path.join(top, name)
        write(path, name.encode())
        put(path, "system.ntfs_ea", ea(*entries))
    path = os.path.join(top, "directory")
    os.mkdir(path)
    put(path, "system.ntfs_ea", ea((0, b"OF", b"a directory")))


def descriptors(_, top):
    for name, value in DESCRIPTORS.items():
        path = os.path.join(top, name)
        write(path, name.encode())
        put(path, "system.ntfs_acl", value)
    path = os.path.join(top, "directory")
    os.mkdir(path)
    put(path, "system.ntfs_acl", DESCRIPTORS["all of it"])


def object_ids(_, top):
    for name, birth in (("16", b""), ("64", BIRTH)):
        path = os.path.join(top, name)
        write(path, name.encode())
        put(path, "system.ntfs_object_id", noise(name, 16) + birth)
    path = os.path.join(top, "directory")
    os.mkdir(path)
    put(path, "system.ntfs_object_id", noise("directory", 16) + BIRTH)


def reparse_points(_, top):
    write(os.path.join(top, "plain target"), b"what links lead to")
    for name, (directory, data) in REPARSE.items():
        path = os.path.join(top, name)
        os.mkdir(path) if directory else write(path)
        if name == "third party":
            write(path, b"left at home")
            write(path + ":stream", b"not seen on Linux")
        put(path, "system.ntfs_reparse_data", data)


def make_sparse(path, size, *at):
    """With 4 KiB of something at each offset."""
    with open(path, "wb") as file:
        file.truncate(size)
        for offset in at:
            file.seek(offset)
            file.write(noise(offset, 4096))


def sparse(_, top):
    end = 4 * MIB - 4096
    for name, size, *at in (
            ("starts with a hole", 4 * MIB, end),
            ("hole inside", 4 * MIB, 0, end),
            ("ends with a hole", 4 * MIB, 0), ("nothing but", 8 * MIB),
            ("odd", 3 * MIB + 17, MIB), ("odd:stream", 2 * MIB, MIB)):
        make_sparse(os.path.join(top, name), size, *at)


def huge(_, top):
    make_sparse(os.path.join(top, "file"), 3 << 30, 0, 2 << 30)


def all_attributes(_, top):
    for name in SETTABLE:
        write(os.path.join(top, name), name.encode())
        os.mkdir(os.path.join(top, "directory, " + name))
    for name in ("none", "all"):
        write(os.path.join(top, name), name.encode())
    os.mkdir(os.path.join(top, "directory, compressed"))


def all_times(_, top):
    for name in TIMES:
        write(os.path.join(top, name), name.encode())


def hard_links(_, top):
    os.mkdir(os.path.join(top, "further"))
    path = os.path.join(top, "first")
    write(path, b"one of three")
    write(path + ":stream", b"of all names")
    os.link(path, os.path.join(top, "second"))
    os.link(path, os.path.join(top, "further", "third"))


def names(_, top):
    for name in ("a b", " starts with a space", NON_ASCII, "x" * LONG,
                 "ó" * LONG, "漢" * LONG, "UPPER", "Mixed.Case"):
        write(os.path.join(top, name), b"named")
    for name in ("directory " + NON_ASCII, "y" * LONG):
        os.mkdir(os.path.join(top, name))
        write(os.path.join(top, name, "inside"), b"inside")
    path = os.path.join(top, "with a dos name.text")
    write(path, b"short")
    put(path, "system.ntfs_dos_name", b"WITHAD~1.TEX")


def empty(_, top):
    write(os.path.join(top, "file"))
    os.mkdir(os.path.join(top, "directory"))


PARTS = {"streams": streams, "large stream": large_stream,
         "many streams": many_streams, "eas": eas, "security": descriptors,
         "object ids": object_ids, "reparse": reparse_points,
         "sparse": sparse, "huge": huge, "attributes": all_attributes,
         "times": all_times, "links": hard_links, "names": names,
         "empty": empty}

# Creation, last write, last access.
TIMES = {
    "100 ns": (EPOCH + 10**9 * SECOND + 1, EPOCH + 10**9 * SECOND + 1234567,
               EPOCH + 10**9 * SECOND + 9999999),
    "before 1970": (EPOCH - 10**8 * SECOND - 1, EPOCH - 1, EPOCH - SECOND),
    "1601": (1, 2, 3),
    "after 2038": (EPOCH + 2**31 * SECOND, EPOCH + 2**31 * SECOND + 7,
                   EPOCH + 2**32 * SECOND + 1),
    "far": (2**62, 2**62 + 1, 2**62 + 2),
}


def wanted_attributes(path):
    """Of one in the part of attributes, or None."""
    name = path.removeprefix("attributes/").removeprefix("directory, ")
    known = dict(SETTABLE, none=0, all=sum(SETTABLE.values()),
                 compressed=COMPRESSED)
    return known.get(name) if path.startswith("attributes/") else None


def wanted_times(path, number):
    known = TIMES.get(path.removeprefix("times/"))
    at = EPOCH + (10**9 + number) * SECOND
    return known or (at + 1, at + 22, at + 333)


def populate(volume, parts=tuple(PARTS)):
    """Makes some of PARTS, or all, each in a directory of its name; the same
    files each time. The volume, made empty, is mounted anew in between, and
    must not be in use."""
    for name in parts:
        os.mkdir(volume.at(name))
        PARTS[name](volume, volume.at(name))
    # Where there is a reparse point now, the kernel remembers a file.
    volume.remount()
    set_last(volume)


def set_last(volume):
    """What changes with other changes: attributes, then times, those of
    directories after what is in them."""
    paths = []
    for top, directories, files in os.walk(volume.point, topdown=False):
        paths += sorted(os.path.join(top, name) for name in files)
        paths += sorted(os.path.join(top, name) for name in directories)
    for number, path in enumerate(paths + [volume.point]):
        inside = os.path.relpath(path, volume.point)
        wanted = wanted_attributes(inside)
        if wanted is not None:
            kept = attributes(path) & ~sum(SETTABLE.values())
            set_attributes(path, kept | wanted)
        set_times(path, *wanted_times(inside, number))
