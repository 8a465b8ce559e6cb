#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What cp, rsync and tar lose of an NTFS volume, from one to another.

Both are mounted as ntfs-3g does by default, with streams as extended
attributes, which is the best that these programs can get. Where one of them
loses less than it is said to here, this test fails as well.
"""

import collections
import os
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

from ntfs_observe import OF_THE_VOLUME, differences, observe
from ntfs_populate import PARTS, REPARSE, SETTABLE, populate
from ntfs_volume import Volume, main, skip_all

# Without streams of more than 64 KiB.
SHORT = ("many streams", "eas", "security", "object ids", "reparse",
         "attributes", "times", "links", "names", "empty")
# What fills holes takes all space.
NOT_HUGE = tuple(part for part in PARTS if part != "huge")
PATIENCE = 120
CP = "cp -a '{source}/.' '{target}'"
RSYNC = "rsync -aHSXA '{source}/' '{target}'"
PLAIN_RSYNC = "rsync -aXA '{source}/' '{target}'"
TAR = ("tar -C '{source}' -cf '{archive}' --xattrs . && "
       "tar -C '{target}' -xf '{archive}' --xattrs '--xattrs-include=*'")

LINKS = {"reparse/" + name for name in REPARSE}
# Who has a stream of more than 64 KiB.
LONG = {"large stream/file", "sparse/odd", "streams/directory",
        "streams/file"}
# Of any new file ARCHIVE is set, so that nobody loses it.
ATTRIBUTES = {f"attributes/{kind}{name}" for kind in ("", "directory, ")
              for name in SETTABLE if name != "archive"}
ATTRIBUTES |= {"attributes/none", "attributes/all",
               "attributes/directory, compressed"}
# What follows from the loss of others.
FOLLOWING = ("name", "target", "type", "allocated")


class Today(unittest.TestCase):
    maxDiff = None

    def populated(self, parts):
        volume = self.enterContext(Volume())
        populate(volume, parts)
        self.before = observe(volume)
        volume.unmount()
        volume.mount("noatime")
        return volume

    def copied(self, command, source):
        """(exit status, {kind: the paths that lost it}); keeps what the
        program says."""
        with Volume("noatime") as target:
            archive = os.path.join(target.tmp, "archive")
            done = subprocess.run(
                command.format(source=source.point, target=target.point,
                               archive=archive),
                shell=True, check=False, capture_output=True, text=True,
                timeout=PATIENCE, env={**os.environ, "LC_ALL": "C.UTF-8"})
            after = observe(target)
        self.said = done.stderr
        lost = collections.defaultdict(set)
        for each in differences(self.before, after,
                                OF_THE_VOLUME + FOLLOWING):
            lost[each.kind].add(each.path)
        return done.returncode, dict(lost)

    def having(self, kind):
        return {path for path, facts in self.before.items()
                if any(fact.kind == kind for fact in facts)}

    def sparse(self):
        return {path for path in self.before if path.startswith("sparse/")}

    def always(self):
        """What all of them lose. Descriptors of other files are those that
        any new file gets; what was a junction or a third party's becomes a
        symbolic link of ntfs-3g's own kind, as do symbolic links."""
        lost = {kind: self.having(kind) for kind in (
            "creation time", "dos name", "ea", "object id", "reparse")}
        return {**lost, "attributes": ATTRIBUTES | LINKS, "content": LINKS,
                "security": {path for path in self.before
                             if path.startswith("security/")},
                "stream": {"reparse/third party"},
                "write time": {"times/1601", "times/before 1970"}}

    def test_cp(self):
        """Says nothing of it and exits with 0. Some versions fill holes."""
        status, lost = self.copied(CP, self.populated(NOT_HUGE))
        lost["attributes"] -= self.sparse()
        expected = self.always()
        expected["access time"] = {"times/1601"}
        expected["stream"] |= LONG
        self.assertEqual(lost, expected)
        self.assertEqual((status, self.said), (0, ""))

    def test_rsync(self):
        """Leaves out what has a stream of more than 64 KiB, and says so; of
        all else nothing."""
        source = self.populated(NOT_HUGE)
        status, lost = self.copied(RSYNC, source)
        expected = self.always()
        expected["creation time"] -= LONG
        expected["access time"] = self.having("access time") - LONG
        expected["path"] = LONG
        self.assertEqual(lost, expected)
        self.assertEqual(status, 23)
        for path in LONG:
            self.assertIn(path, self.said)
        self.assertEqual(len(self.said.splitlines()), len(LONG) + 1)

        status, lost = self.copied(PLAIN_RSYNC, source)
        expected["links"] = {"links/first", "links/second",
                             "links/further/third"}
        # Holes are filled.
        expected["attributes"] |= {
            "sparse/" + name for name in (
                "ends with a hole", "hole inside", "nothing but",
                "starts with a hole")}
        self.assertEqual(lost, expected)
        self.assertEqual(status, 23)

    def test_tar(self):
        """Ends at a large stream, without an archive."""
        status, lost = self.copied(TAR, self.populated(NOT_HUGE))
        self.assertEqual(status, 2)
        self.assertIn("memory exhausted", self.said)
        self.assertEqual(lost["path"], set(self.before) - {"."})

    def test_short_streams(self):
        """Then tar and rsync exit with 0 as well."""
        source = self.populated(SHORT)
        expected = self.always()
        expected["access time"] = self.having("access time")
        for command in (TAR, RSYNC):
            with self.subTest(command):
                status, lost = self.copied(command, source)
                self.assertEqual(lost, expected)
                self.assertEqual(status, 0)


def programs():
    for program in ("cp", "rsync", "tar"):
        if not shutil.which(program):
            skip_all(f"{program} is not installed")


if __name__ == "__main__":
    programs()
    main()
