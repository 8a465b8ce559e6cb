#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""From one NTFS volume to another: by rsync through mounts, and by bkup.
Whether all arrived is judged by ntfs_observe.py."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from journey import PATIENCE, JourneyCase, bkup, run
from nt_records import alternate
from ntfs_observe import OF_THE_VOLUME, differences, observe
from ntfs_populate import LONG, PARTS, populate
from ntfs_volume import Volume, main

# Holes are found by 64 KiB, and those of alternate streams not at all; short
# names are made anew.
OTHERWISE = (*OF_THE_VOLUME, "allocated", "dos name",
             ("names/with a dos name.text", "name"))
# An object each.
OTHER_FILES = (*OTHERWISE, *((f"links/{name}", kind)
                             for kind in ("links", "name")
                             for name in ("first", "second", "further/third")))


def is_too_long(name):
    """For a file of Linux; NTFS has names of 255 units of UTF-16."""
    return len(name.encode()) > 255


def leave_out(volume, streams):
    """Removes what cannot be carried by files of Linux: long names; also of
    alternate streams, and times that rsync cannot set or that no filesystem
    in between keeps, if streams become files. And what ntfs-3g itself cannot
    open: content behind a reparse point that it does not know."""
    gone = [volume.at("reparse", "third party")]
    for path, _, files in os.walk(volume.point):
        gone += [os.path.join(path, name) for name in files
                 if is_too_long(name)]
    if streams:
        gone += [volume.at("streams", f"{path}:{name}")
                 for path in ("file", "directory")
                 for name in ("x" * LONG, "\u00f3" * LONG)]
        gone += [volume.at("times", name)
                 for name in ("1601", "before 1970", "far")]
    for path in gone:
        os.unlink(path)
    for path in {os.path.dirname(path) for path in gone} \
            | {volume.at("streams", "file"), volume.at("streams", "directory")}:
        os.utime(path, (10**9, 10**9))
    volume.remount()


class Ntfs(JourneyCase):
    def check(self, source, target, but=OTHER_FILES):
        self.assertEqual([str(each) for each in differences(
            observe(source), observe(target), but)], [])


class Journey(Ntfs):
    def test_by_rsync_through_mounts(self):
        with Volume() as source, Volume() as target:
            populate(source)
            leave_out(source, True)
            self.by_rsync(source.point, target.point)
            self.check(source, target)

    def test_by_capture_and_restore(self):
        with Volume() as source, Volume() as target:
            populate(source)
            leave_out(source, False)
            self.by_bkup(source.point, target.point)
            self.check(source, target, OTHERWISE)

    def test_what_is_captured_is_what_is_shown(self):
        with Volume() as volume:
            populate(volume, tuple(part for part in PARTS
                                   if part not in ("large stream", "huge")))
            leave_out(volume, False)
            run(bkup(), "capture", "-r", volume.point, self.at("backup"))
            mount = self.mount(volume.point, "mount")
            seen = 0
            for path, dirs, _ in os.walk(self.at("backup")):
                dirs.sort()
                for name in os.listdir(path):
                    file = os.path.join(path, name)
                    if os.path.isdir(file):
                        continue
                    shown = os.path.join(
                        mount.point, os.path.relpath(file, self.at("backup")))
                    with open(file, "rb") as a, \
                            open(shown + "/.view/backup", "rb") as b:
                        self.assertEqual(a.read(), b.read(), file)
                    seen += 1
            mount.stop()
        self.assertGreater(seen, 50)


class Losses(Ntfs):
    def test_an_object_id_that_is_taken(self):
        with Volume() as volume:
            populate(volume, ("object ids",))
            path, = [path for path, facts in observe(volume).items()
                     if any(fact.kind == "object id" for fact in facts)][:1]
            file = volume.at(path)
            run(bkup(), "capture", file, self.at("f"))
            done = subprocess.run(
                [bkup(), "restore", self.at("f"), volume.at("twin")],
                capture_output=True, check=False, timeout=PATIENCE)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"object_id is lost: it is there already",
                          done.stderr)
            self.assertTrue(os.path.exists(volume.at("twin")))

    def test_streams_that_are_too_large_for_attributes(self):
        with Volume() as volume:
            populate(volume, ("streams",))
            run(bkup(), "capture", "-r", volume.point, self.at("backup"))
        with Volume(options="streams_interface=xattr") as volume:
            said = self.carry("restore", "-r", self.at("backup"),
                              volume.point)
            self.assertEqual(said.status, 1)
            self.assertIn(" is lost: it is larger than an attribute",
                          said.err)

    def test_files_of_linux_have_no_place(self):
        with Volume() as volume:
            populate(volume)
            leave_out(volume, False)
            run(bkup(), "capture", "-r", volume.point, self.at("backup"))
        # Others have limits that show only when they are reached.
        place = tempfile.mkdtemp(prefix="bkupfs-live.", dir="/dev/shm")
        self.addCleanup(shutil.rmtree, place)
        said = self.carry("restore", "-r", self.at("backup"), place + "/out")
        self.assertEqual(said.status, 1)
        for what in ("security", "object_id", "attributes", "creation time",
                     "reparse", "ea"):
            self.assertIn(f": {what} is lost: ", said.err)

    def test_to_remove_a_name_keeps_the_others(self):
        with Volume() as volume:
            populate(volume, ("links", "names"))
            mount = self.mount(volume.point, "mount")
            with self.assertRaises(PermissionError):
                os.unlink(mount.point + "/links/first/:stream")
            run("rm", "-r", mount.point + "/links/first")
            with open(volume.at("links/second:stream"), "rb") as file:
                self.assertEqual(file.read(), b"of all names")
            with open(volume.at("links/further/third"), "rb") as file:
                self.assertEqual(file.read(), b"one of three")
            # A short name is none by which anything else is kept.
            short = "names/with a dos name.text"
            with open(volume.at(short) + ":stream", "wb") as file:
                file.write(b"of one")
            self.assertEqual(os.stat(volume.at(short)).st_nlink, 2)
            os.unlink(os.path.join(mount.point, short, ":stream"))
            self.assertFalse(os.path.exists(volume.at(short) + ":stream"))
            run("rm", "-r", os.path.join(mount.point, short))
            self.assertFalse(os.path.exists(volume.at(short)))
            mount.stop()

    def test_a_full_volume_keeps_a_stream(self):
        with open(self.at("f"), "wb") as file:
            file.write(alternate("s", b"x" * (40 << 20)))
        with Volume(size=24 << 20) as volume:
            os.mkdir(volume.at("directory"))
            with open(volume.at("directory:s"), "wb") as file:
                file.write(b"old")
            said = self.carry("restore", self.at("f"), volume.at("directory"))
            self.assertEqual(said.status, 1)
            self.assertIn(":s is lost: No space left on device", said.err)
            with open(volume.at("directory:s"), "rb") as file:
                self.assertEqual(file.read(), b"old")


if __name__ == "__main__":
    main()
