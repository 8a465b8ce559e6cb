# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmark reads and copies.

    big/large         a backup file with one DATA stream, 1 GiB at scale 1
    backup/dNNN/fN    20,000 small backup files at scale 1
    plain/dNNN/fN/    the same objects, as a mount shows them

It is made of a seeded generator, so that every run has the same bytes.
"""

import json
import os
import random
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))

from nt_ids import DATA, HEADER, SECURITY_DATA
from nt_records import alternate, record

MIB = 1 << 20
LARGE = 1 << 30
OBJECTS = 20_000
IN_A_DIRECTORY = 100
SECURITY_ATTRIBUTE = 2
MARK = "bench.json"


def sizes(scale):
    """Bytes of the large stream, and number of small objects."""
    return (max(round(LARGE * scale / MIB), 1) * MIB,
            max(round(OBJECTS * scale), 1))


class Data:
    """The data in a directory, made there unless it is there already."""

    def __init__(self, path, scale, progress):
        self.path = path
        self.bytes, self.objects = sizes(scale)
        self.large, self.large_dir = self.at("big", "large"), self.at("big")
        self.backup, self.plain = self.at("backup"), self.at("plain")
        self._make(scale, progress)
        progress.show("reading the data once")
        self._warm()
        # Directories and their children, with the root.
        self.entries = sum(1 + len(files)
                           for _, _, files in os.walk(self.plain))

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
            if found != {"scale": scale}:
                raise SystemExit(f"bench: '{self.path}' is of scale "
                                 f"{found.get('scale')}")
            return
        os.mkdir(self.large_dir)
        self._make_large(progress)
        self._make_small(progress)
        with open(mark, "w", encoding="ascii") as file:
            json.dump({"scale": scale}, file)

    def _warm(self):
        """The first row finds as much cached as the last one."""
        for top in self.backup, self.plain:
            for path, _, names in os.walk(top):
                for name in names:
                    with open(os.path.join(path, name), "rb") as file:
                        file.read()

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
        security, data = rng.randbytes(188), rng.randbytes(
            rng.randrange(512, 8192))
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
