#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The judge of NTFS volumes, judged: whatever is lost on purpose, it sees."""

import os
import shutil
import struct
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from ntfs_calls import attributes, get, put, set_attributes, set_times, times
from ntfs_descriptors import DESCRIPTORS
from ntfs_observe import TIMES, differences, observe
from ntfs_populate import PARTS, SETTABLE, ea, noise, populate, reparse
from ntfs_volume import Volume, main

# Others take long to look at, and differ from these in size only.
SMALL = tuple(part for part in PARTS
              if part not in ("large stream", "many streams", "huge"))
HIDDEN = SETTABLE["hidden"]


def seen(found):
    """{(path, kind, name)} of differences."""
    return {(each.path, each.kind, each.name) for each in found}


# Each changes a volume: one fact of it, or a few.

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
    no_birth: ("object ids/64", "object id"),
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


if __name__ == "__main__":
    main()
