#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""NTFS volumes for tests: they hold what they are said to hold, both sides
that look at them agree, and nothing is left of them."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

from ntfs_descriptors import DESCRIPTORS
from ntfs_image import audit
from ntfs_observe import Fact, TIMES, differences, observe
from ntfs_populate import BIRTH, LONG, NON_ASCII, PARTS, REPARSE, SETTABLE, \
    TIMES as WANTED_TIMES, ea, noise, populate
from ntfs_volume import Volume, main, mount_points, wait_for

SMALL = tuple(part for part in PARTS
              if part not in ("large stream", "many streams", "huge"))


def known(facts):
    """{(kind, name, seen): value} of a path."""
    return {tuple(fact): value for fact, value in facts.items()}


@functools.lru_cache(None)
def populated():
    """How a volume looks that holds everything."""
    with Volume() as volume:
        populate(volume)
        return observe(volume)


class Alike(unittest.TestCase):
    maxDiff = None

    def test_two_populated_alike(self):
        with Volume() as volume:
            populate(volume)
            again = observe(volume)
            volume.unmount()
            self.assertEqual(audit(volume.image), [])
        self.assertGreater(len(again), 100)
        self.assertEqual([str(each) for each
                          in differences(populated(), again)], [])

    def test_looking_changes_nothing(self):
        with Volume() as volume:
            populate(volume, SMALL)
            first = observe(volume)
            again = observe(volume)
            volume.unmount()
            unmounted = observe(volume.image)
        self.assertEqual(differences(first, again, but=()), [])
        self.assertEqual(differences(first, unmounted, but=()), [])


class Populated(unittest.TestCase):
    """What was to be there is, in the eyes of both."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.all = populated()

    def has(self, path, kind, value, name=""):
        facts = self.all[path]
        for side in ("mount", "image"):
            self.assertEqual(facts.get(Fact(kind, name, side)), value,
                             (path, kind, side))

    def test_descriptors(self):
        for name, value in DESCRIPTORS.items():
            self.has("security/" + name, "security", value)

    def test_reparse_points(self):
        for name, (_, value) in REPARSE.items():
            self.has("reparse/" + name, "reparse", value)

    def test_object_ids(self):
        """The rest of one is in an index, and of a length that is fixed."""
        for name, birth in (("16", bytes(48)), ("64", BIRTH)):
            self.has("object ids/" + name, "object id",
                     noise(name, 16) + birth)

    def test_eas(self):
        self.has("eas/needed", "ea", ea((0x80, b"NEEDED", b"\1\2\3"),
                                        (0, b"B", b"x")))
        self.has("eas/empty value", "ea", ea((0, b"EMPTY", b"")))
        large = self.all["eas/large"][Fact("ea", "", "image")]
        self.assertGreater(len(large), 60000)

    def test_attributes(self):
        for name, value in SETTABLE.items():
            self.has("attributes/" + name, "attributes", f"{value:08x}")
            directory = "attributes/directory, " + name
            self.assertEqual(
                self.all[directory][Fact("attributes", "", "mount")],
                f"{value | 0x10:08x}")
        self.has("attributes/all", "attributes",
                 f"{sum(SETTABLE.values()):08x}")

    def test_times(self):
        for name, wanted in WANTED_TIMES.items():
            for kind, value in zip(TIMES, wanted):
                self.has("times/" + name, kind, value)

    def test_streams(self):
        names = {"empty": 0, "small": 5, "64K": 65536, "70K": 70 << 10,
                 NON_ASCII: 3, "x" * LONG: 4, "ó" * LONG: 4, "a b": 1}
        for path in ("streams/file", "streams/directory"):
            self.assertEqual(self.sizes(path), names)
        self.assertEqual(self.sizes("."), {"of the root": 4})
        self.assertEqual(self.sizes("large stream/file"),
                         {"100M": 100 << 20})
        self.assertEqual(len(self.sizes("many streams/file")), 200)

    def sizes(self, path):
        """{stream: size}, the same in the eyes of both."""
        sizes = [{name: value[0] for (kind, name, side), value
                  in known(self.all[path]).items()
                  if kind == "stream" and side == each}
                 for each in ("mount", "image")]
        self.assertEqual(sizes[0], sizes[1])
        return sizes[0]

    def test_sparse_files(self):
        for name, size in (("starts with a hole", 4096),
                           ("hole inside", 8192), ("ends with a hole", 4096),
                           ("nothing but", 0), ("odd", 4096)):
            self.has("sparse/" + name, "allocated", size)
        self.has("huge/file", "allocated", 8192)
        stream = Fact("allocated", "stream", "image")
        self.assertEqual(self.all["sparse/odd"][stream], 4096)

    def test_links(self):
        links = ["links/first", "links/further/third", "links/second"]
        for path in links:
            self.assertEqual(self.all[path][Fact("links", "", "mount")],
                             links)

    def test_mount_and_image_agree(self):
        """In what both tell of, and tell in the same way."""
        apart = []
        for path, facts in self.all.items():
            for fact, value in facts.items():
                other = facts.get(fact._replace(seen="image"), value)
                if fact.kind in ("attributes", "allocated"):
                    continue
                if fact.seen == "mount" and other != value:
                    apart.append((path, fact, value, other))
        self.assertEqual(apart, [])


class Lifetime(unittest.TestCase):
    def left(self, volume):
        return os.path.exists(volume.tmp) or volume.is_mounted()

    def test_ends_with_a_failure(self):
        volume = Volume(size=16 << 20)
        with self.assertRaises(ZeroDivisionError):
            with volume:
                self.assertTrue(volume.is_mounted())
                raise ZeroDivisionError
        self.assertFalse(self.left(volume))

    def test_ends_though_in_use(self):
        """And says that it was."""
        volume = Volume(size=16 << 20)
        volume.patience = 1
        with volume:
            file = open(volume.at("file"), "wb", buffering=0)
            with file, self.assertRaisesRegex(AssertionError, "umount"):
                volume.__exit__()
            self.assertFalse(self.left(volume))

    def test_does_not_begin(self):
        """An image that holds no volume is told, and left."""
        with tempfile.NamedTemporaryFile() as image:
            image.truncate(1 << 20)
            volume = Volume(image=image.name)
            with self.assertRaisesRegex(AssertionError, "NTFS signature"):
                volume.__enter__()
            self.assertFalse(self.left(volume))
            self.assertTrue(os.path.exists(image.name))

    def test_is_unmounted_with_its_test(self):
        """A test that is killed leaves nothing mounted."""
        child = subprocess.Popen(
            [sys.executable, "-B", "-c",
             "import os, signal, ntfs_volume as n\n"
             "with n.Volume(size=16 << 20) as v:\n"
             "    print(v.tmp, flush=True)\n"
             "    os.kill(os.getpid(), signal.SIGKILL)"],
            stdout=subprocess.PIPE, text=True,
            cwd=os.path.dirname(os.path.abspath(__file__)))
        tmp = child.communicate(timeout=30)[0].strip()
        self.addCleanup(shutil.rmtree, tmp)
        wait_for(lambda: not any(path.startswith(tmp)
                                 for path, _ in mount_points()),
                 10, "the end of ntfs-3g")
        self.assertTrue(os.path.exists(os.path.join(tmp, "image")))


if __name__ == "__main__":
    main()
