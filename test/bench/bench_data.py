# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmark reads and copies.

    big/large         a backup file with one DATA stream, 1 GiB at scale 1
    backup/dNNN/fN    20,000 small backup files at scale 1
    plain/dNNN/fN/    the same objects, as a mount shows them
    single/large/     the bytes of the first, as data of an object

It is made of a seeded generator, so that every run has the same bytes.
"""

import json
import os
import random
import shutil
import struct
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))

from nt_ids import DATA, HEADER, SECURITY_DATA
from nt_records import alternate, record

MIB = 1 << 20
LARGE = 1 << 30
OBJECTS = 20_000
RANDOM_READS, OVERWRITES = 100_000, 20_000
OPENS = 100_000
STREAMS, MOST_STREAMS = 1_000_000, 1_000_000
FILES = 100_000
LEAST = 100
IN_A_DIRECTORY = 100
SECURITY_ATTRIBUTE = 2
DACL_PRESENT, SELF_RELATIVE = 4, 0x8000
MARK = "bench.json"
VERSION = 2


def _read_all(top):
    """All files, which have so many bytes."""
    size = 0
    for path, _, names in os.walk(top):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                size += len(file.read())
    return size


def sid(*authorities):
    return struct.pack(f"<BB6s{len(authorities)}I", 1, len(authorities),
                       bytes(5) + b"\5", *authorities)


def descriptor(rng):
    """A security descriptor with owner, group and four entries: 188 bytes."""
    domain = [rng.getrandbits(32) for _ in range(3)]
    owner, group = (sid(21, *domain, rng.randrange(1000, 9999))
                    for _ in range(2))
    entries = b"".join(
        struct.pack("<BBHI", 0, 0, 8 + len(who), 0x1f01ff) + who
        for who in (owner, sid(32, 544), sid(32, 545), sid(18)))
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(entries), 4, 0) + entries
    return struct.pack("<BBHIIII", 1, 0, SELF_RELATIVE | DACL_PRESENT,
                       20, 48, 0, 76) + owner + group + acl


class Sizes:
    """How much there is of what, and how often it is done."""

    def __init__(self, scale):
        def count(number, least=LEAST):
            return max(round(number * scale), least)
        self.bytes = count(LARGE / MIB, 1) * MIB
        self.objects = count(OBJECTS, 1)
        self.reads, self.overwrites = count(RANDOM_READS), count(OVERWRITES)
        self.opens, self.files = count(OPENS), count(FILES)
        self.streams = min(count(STREAMS), MOST_STREAMS)


class Data(Sizes):
    """The data in a directory, made there unless it is there already."""

    def __init__(self, path, scale, progress):
        super().__init__(scale)
        self.path = path
        self.large, self.large_dir = self.at("big", "large"), self.at("big")
        self.backup, self.plain = self.at("backup"), self.at("plain")
        self._make(scale, progress)
        progress.show("reading the data once")
        self._warm()
        self.children = [
            os.path.relpath(os.path.join(path, name), self.plain)
            for path, _, names in os.walk(self.plain) for name in names]
        # Directories and their children, with the root.
        self.entries = len(self.children) + sum(
            1 for _ in os.walk(self.plain))

    def at(self, *names):
        return os.path.join(self.path, *names)

    def _make(self, scale, progress):
        mark = self.at(MARK)
        try:
            with open(mark, encoding="ascii") as file:
                found = json.load(file)
        except FileNotFoundError:
            found = None
        if found is not None:
            if found != {"scale": scale, "version": VERSION}:
                raise SystemExit(f"bench: '{self.path}' is of another scale, "
                                 f"{found.get('scale')}, or version")
            return
        os.mkdir(self.large_dir)
        self._make_large(progress)
        self._make_small(progress)
        with open(mark, "w", encoding="ascii") as file:
            json.dump({"scale": scale, "version": VERSION}, file)

    def _warm(self):
        """The first row finds as much cached as the last one."""
        self.small_bytes = _read_all(self.backup)
        _read_all(self.plain)

    def single(self):
        """A copy, since an object with two names is not cached as long."""
        directory, new = self.at("single"), self.at("single.new")
        if not os.path.exists(directory):
            os.makedirs(os.path.join(new, "large"), exist_ok=True)
            shutil.copyfile(self.large, os.path.join(new, "large", "data"))
            os.sync()
            os.rename(new, directory)
        return directory

    def _make_large(self, progress):
        rng = random.Random(1)
        with open(self.large, "wb") as out:
            out.write(HEADER.pack(DATA, 0, self.bytes, 0))
            for at in range(0, self.bytes, MIB):
                progress.show(f"making data, {at // MIB} MiB")
                out.write(rng.randbytes(MIB))
            out.flush()
            # Only what is on disk can be dropped from the page cache.
            os.fsync(out.fileno())

    def _make_small(self, progress):
        rng = random.Random(2)
        for number in range(self.objects):
            parent = f"d{number // IN_A_DIRECTORY:03}"
            if number % IN_A_DIRECTORY == 0:
                progress.show(f"making data, {number} objects")
                os.makedirs(self.at("backup", parent))
            self._make_object(os.path.join(parent, f"f{number:05}"), number,
                              rng)

    def _make_object(self, name, number, rng):
        """Security and data as Windows emits them; every eighth object has
        an alternate stream."""
        security = descriptor(rng)
        data = rng.randbytes(rng.randrange(512, 8192))
        streams = {"security": security, "data": data}
        encoded = record(SECURITY_DATA, SECURITY_ATTRIBUTE, security) \
            + record(DATA, 0, data)
        if number % 8 == 0:
            streams[":Zone.Identifier"] = zone = b"[ZoneTransfer]\r\n" * 4
            encoded += alternate("Zone.Identifier", zone)
        with open(self.at("backup", name), "wb") as out:
            out.write(encoded)
        os.makedirs(self.at("plain", name))
        for child, content in streams.items():
            with open(self.at("plain", name, child), "wb") as out:
                out.write(content)
