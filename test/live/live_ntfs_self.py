#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The judge of volumes, judged: whatever is lost on purpose, it sees."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

from ntfs_calls import attributes, get, put, set_attributes, set_times, times
from ntfs_descriptors import DESCRIPTORS
from ntfs_image import audit
from ntfs_observe import Fact, TIMES, differences, observe
from ntfs_populate import BIRTH, LONG, NON_ASCII, PARTS, REPARSE, SETTABLE, \
    TIMES as WANTED_TIMES, ea, noise, populate, reparse
from ntfs_volume import Volume, main, mount_points, wait_for

# Parts that take long to look at, and differ from others in size only.
LARGE = ("large stream", "many streams", "huge")
SMALL = tuple(part for part in PARTS if part not in LARGE)
HIDDEN = SETTABLE["hidden"]


def seen(found):
    """{(path, kind, name)} of differences."""
    return {(each.path, each.kind, each.name) for each in found}


def known(facts):
    """{(kind, name, seen): value} of a path."""
    return {tuple(fact): value for fact, value in facts.items()}


class Alike(unittest.TestCase):
    maxDiff = None

    def test_two_populated_alike(self):
        with Volume() as a, Volume() as b:
            populate(a)
            populate(b)
            self.assertEqual(audit_of(a), [])
            one, other = observe(a), observe(b)
        self.assertGreater(len(one), 100)
        self.assertEqual([str(each) for each in differences(one, other)], [])

    def test_looking_changes_nothing(self):
        with Volume() as volume:
            populate(volume, SMALL)
            first = observe(volume)
            again = observe(volume)
            volume.unmount()
            unmounted = observe(volume.image)
        self.assertEqual(differences(first, again, but=()), [])
        self.assertEqual(differences(first, unmounted, but=()), [])


def audit_of(volume):
    volume.unmount()
    found = audit(volume.image)
    volume.mount()
    return found


class Populated(unittest.TestCase):
    """What was to be there is, in the eyes of both."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with Volume() as volume:
            populate(volume)
            cls.all = observe(volume)

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
            facts = self.all["object ids/" + name]
            self.assertEqual(facts[Fact("object id", "", "mount")],
                             noise(name, 16) + birth)
            self.assertEqual(facts[Fact("object id", "", "image")],
                             noise(name, 16))

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
                if fact.kind in ("attributes", "allocated", "object id"):
                    continue
                if fact.seen == "mount" and other != value:
                    apart.append((path, fact, value, other))
        self.assertEqual(apart, [])


# Each changes a volume, and returns the path whose facts are to differ.

def less_eas(volume):
    put(volume.at("eas/wsl"), "system.ntfs_ea", ea((0, b"$LXUID", bytes(4))))


def no_need_of_ea(volume):
    put(volume.at("eas/needed"), "system.ntfs_ea",
        ea((0, b"NEEDED", b"\1\2\3"), (0, b"B", b"x")))


def no_eas(volume):
    os.removexattr(volume.at("eas/empty value"), "system.ntfs_ea")


def less_streams(volume):
    os.unlink(volume.at("streams/file:empty"))


def shorter_stream(volume):
    os.truncate(volume.at("streams/directory:70K"), (70 << 10) - 1)


def other_stream(volume):
    with open(volume.at("streams/file:70K"), "r+b") as stream:
        last = os.pread(stream.fileno(), 1, (70 << 10) - 1)[0]
        os.pwrite(stream.fileno(), bytes([last ^ 1]), (70 << 10) - 1)


def no_root_stream(volume):
    os.unlink(volume.at(":of the root"))


def other_content(volume):
    with open(volume.at("streams/neighbour"), "r+b") as file:
        file.write(b"H")


def other_ace(volume):
    """One bit of a mask."""
    path = volume.at("security/plain")
    value = get(path, "system.ntfs_acl")
    mask = struct.pack("<I", 0x1200a9)
    assert value.count(mask) == 1
    put(path, "system.ntfs_acl",
        value.replace(mask, struct.pack("<I", 0x1200a8)))


def no_sacl(volume):
    put(volume.at("security/labelled"), "system.ntfs_acl",
        DESCRIPTORS["plain"])


def null_for_empty_dacl(volume):
    put(volume.at("security/empty DACL"), "system.ntfs_acl",
        DESCRIPTORS["null DACL"])


def no_birth(volume):
    path = volume.at("object ids/64")
    os.removexattr(path, "system.ntfs_object_id")
    put(path, "system.ntfs_object_id", noise("64", 16))


def not_hidden(volume):
    path = volume.at("attributes/all")
    set_attributes(path, attributes(path) & ~HIDDEN)


def directory_not_hidden(volume):
    path = volume.at("attributes/directory, hidden")
    set_attributes(path, attributes(path) & ~HIDDEN)


def other_third_party(volume):
    put(volume.at("reparse/third party"), "system.ntfs_reparse_data",
        reparse(0x1234, b"somebody's Data", bytes(range(16))))


def no_dos_name(volume):
    os.removexattr(volume.at("names/with a dos name.text"),
                   "system.ntfs_dos_name")


def no_reparse_point(volume):
    os.removexattr(volume.at("reparse/lx"), "system.ntfs_reparse_data",
                   follow_symlinks=False)
    # The kernel remembers a link.
    volume.remount()


def copy_for_link(volume):
    path = volume.at("links/second")
    os.unlink(path)
    shutil.copyfile(volume.at("links/first"), path)


def filled_stream(volume):
    fill(volume.at("sparse/odd:stream"))


def filled_file(volume):
    fill(volume.at("sparse/hole inside"))


def fill(path):
    """Writes the zeros that holes are read as."""
    with open(path, "r+b") as file:
        data = file.read()
        file.seek(0)
        file.write(data)


LOSSES = {
    less_eas: ("eas/wsl", "ea"),
    no_need_of_ea: ("eas/needed", "ea"),
    no_eas: ("eas/empty value", "ea"),
    shorter_stream: ("streams/directory", "stream", "70K"),
    other_stream: ("streams/file", "stream", "70K"),
    other_content: ("streams/neighbour", "content"),
    other_ace: ("security/plain", "security"),
    no_sacl: ("security/labelled", "security"),
    null_for_empty_dacl: ("security/empty DACL", "security"),
    not_hidden: ("attributes/all", "attributes"),
    directory_not_hidden: ("attributes/directory, hidden", "attributes"),
    other_third_party: ("reparse/third party", "reparse"),
}
# These are seen by one side, or in several facts.
MORE = {
    less_streams: {("streams/file", "stream", "empty"),
                   ("streams/file", "allocated", "empty")},
    no_root_stream: {(".", "stream", "of the root"),
                     (".", "allocated", "of the root")},
    no_birth: {("object ids/64", "object id", "")},
    no_dos_name: {("names/with a dos name.text", kind, name)
                  for kind, name in (("dos name", ""),
                                     ("dos name", "WITHAD~1.TEX"),
                                     ("name", "with a dos name.text"))},
    no_reparse_point: {("reparse/lx", kind, "") for kind in
                       ("allocated", "attributes", "content", "reparse",
                        "target", "type")},
    filled_file: {("sparse/hole inside", "allocated", ""),
                  ("sparse/hole inside", "attributes", "")},
    filled_stream: {("sparse/odd", "allocated", "stream")},
}


class Losses(unittest.TestCase):
    """A loss is seen, and nothing else than it."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.kept = Volume(size=64 << 20)
        cls.kept.__enter__()
        cls.addClassCleanup(cls.kept.__exit__)
        populate(cls.kept, SMALL)
        cls.before = observe(cls.kept)
        cls.kept.unmount()

    def changed(self, change):
        """[Difference] that a change to a copy of the volume makes."""
        copy = os.path.join(self.kept.tmp, "copy")
        subprocess.run(["cp", "--sparse=always", self.kept.image, copy],
                       check=True)
        with Volume(image=copy) as volume:
            change(volume)
            return differences(self.before, observe(volume))

    def after(self, change):
        """The same, all times being set to what they were."""
        def timeless(volume):
            old = {path: times(volume.at(path)) for path in self.before}
            change(volume)
            for path, values in old.items():
                if os.path.lexists(volume.at(path)) \
                        and times(volume.at(path)) != values:
                    set_times(volume.at(path), *values[:3])
        return self.changed(timeless)

    def test_nothing(self):
        self.assertEqual(self.after(lambda volume: None), [])

    def test_losses(self):
        """All at once: no two are of one fact."""
        both = {(path, kind, *(name or [""]))
                for path, kind, *name in LOSSES.values()}
        expected = both.union(*MORE.values())
        self.assertEqual(len(expected), len(LOSSES)
                         + sum(len(facts) for facts in MORE.values()))

        def all_of_them(volume):
            for change in (*LOSSES, *MORE):
                change(volume)
        found = self.after(all_of_them)
        self.assertEqual(seen(found), expected)
        for side in ("mount", "image"):
            one = seen(each for each in found if each.seen == side)
            self.assertEqual(both - one, set(), side)

    def test_times(self):
        """A unit of 100 ns more is seen."""
        paths = ("times/100 ns", "times/1601", "times/far")

        def later(volume):
            for at, path in enumerate(paths):
                values = list(times(volume.at(path))[:3])
                values[at] += 1
                set_times(volume.at(path), *values)
        found = self.changed(later)
        self.assertEqual(seen(found), {(path, kind, "") for path, kind
                                       in zip(paths, TIMES)})
        self.assertEqual(len(found), 2 * len(paths))

    def test_copy_for_link(self):
        found = self.after(copy_for_link)
        self.assertEqual({each.path for each in found
                          if each.kind == "links"},
                         {"links/first", "links/second",
                          "links/further/third"})

    def test_names(self):
        def other_case(volume):
            os.rename(volume.at("names/UPPER"), volume.at("names/upper"))
        self.assertEqual(seen(self.after(other_case)),
                         {("names/UPPER", "path", ""),
                          ("names/upper", "path", "")})

    def test_what_is_named_is_left_out(self):
        """A kind, or a kind of a path."""
        found = self.after(other_content)
        path = "streams/neighbour"
        with Volume(image=os.path.join(self.kept.tmp, "copy")) as volume:
            now = observe(volume)
        for but, left in ((("change time", "security id"), len(found)),
                          (("change time", "content"), 0),
                          (("change time", (path, "content")), 0),
                          (("change time", (".", "content")), len(found))):
            with self.subTest(but):
                self.assertEqual(len(differences(self.before, now, but)),
                                 left)
        self.assertRegex(str(found[0]),
                         path + r": content \(image\): \(8, .* -> \(8, ")


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
        volume = Volume(size=16 << 20)
        with self.assertRaises(AssertionError):
            with volume, open(volume.at("file"), "wb"):
                volume.unmount()
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
