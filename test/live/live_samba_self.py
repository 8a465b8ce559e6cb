#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shares that are filled alike look alike, and whatever is lost is seen: what
the tests of captured and restored shares rely on."""

import glob
import os
import re
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True

# First: it may start the program again.
import samba_share
from samba import ndr
from samba.dcerpc import xattr
from samba_observe import blobs, differences, observe
from samba_populate import ITEMS, OWN, populate
from samba_share import ALL_SECURITY, Share, from_sddl

TMPFS = "/dev/shm"
NTACL, DOSATTRIB = "security.NTACL", "user.DOSATTRIB"
# Where DOSATTRIB has what, in its version 5.
ATTRIBUTES_AT, CREATED_AT = 12, 16


def change(path, name, at, byte):
    value = bytearray(os.getxattr(path, name))
    assert value[at] != byte
    value[at] = byte
    os.setxattr(path, name, value)


def lose_descriptors(share):
    os.removexattr(share.at("denied"), NTACL)
    os.setxattr(share.at("object"), NTACL,
                os.getxattr(share.at("unsorted"), NTACL))
    share.connection().set_acl(
        "audited", from_sddl(OWN + "D:(A;;0x1f01ff;;;WD)S:AI"), ALL_SECURITY)
    return {("denied", "descriptor"), ("denied", "acl"),
            ("object", "descriptor"), ("object", "acl"),
            ("audited", "descriptor")}


def lose_attributes(share):
    change(share.at("hidden"), DOSATTRIB, ATTRIBUTES_AT, 0x20)
    change(share.at("old"), DOSATTRIB, CREATED_AT + 6, 0xc1)
    os.removexattr(share.at("system"), DOSATTRIB)
    os.removexattr(share.at("eas"), "user.TEXT")
    os.setxattr(share.at("eas"), "user.ZEROS", bytes(4))
    return {("hidden", "attributes"), ("old", "create_time"),
            ("system", "attributes"), ("system", "create_time"),
            ("eas", "ea TEXT"), ("eas", "ea ZEROS")}


def lose_files(share):
    with open(share.at("plain"), "r+b") as file:
        file.write(b"D")
    os.utime(share.at("old directory"), (1, 1))
    os.unlink(share.at("nothing"))
    os.mkdir(share.at("more"))
    return {("plain", "stream ::$DATA"), ("plain", "write_time"),
            ("old directory", "write_time"), ("nothing", "is"), ("more", "is")}


def lose_streams(share):
    """Of extended attributes: one that is away, and one without its mark."""
    os.removexattr(share.at("streams"), "user.DosStream.empty:$DATA")
    os.setxattr(share.at("streams of a directory"),
                "user.DosStream.small:$DATA", b"\0small\0")
    return {("streams", "stream :empty:$DATA"),
            ("streams of a directory", "stream :small:$DATA")}


def lose_depot(share):
    """Of a depot, where it is the first that is found."""
    found = sorted(glob.glob(share.at(".streams/*/*/*/:stream:$DATA")))
    os.truncate(found[0], 7)
    return {("large", "stream :stream:$DATA")}


class Xattrs(unittest.TestCase):
    base = None
    vfs = ("acl_xattr", "streams_xattr")
    options = ()
    losses = (lose_descriptors, lose_attributes, lose_files, lose_streams)
    # Does the mode have to do with the descriptor that is shown?
    mode_matters = True
    least = 3000
    maxDiff = None

    def setUp(self):
        reason = samba_share.missing(self.base)
        if reason:
            self.skipTest(reason)
        self.share, self.other = (
            self.enterContext(Share(None, self.base, self.vfs, self.options))
            for _ in range(2))

    def test_what_is_alike_and_what_is_lost(self):
        size = populate(self.share)
        self.assertGreaterEqual(size, self.least)
        self.assertEqual(populate(self.other), size)
        before = observe(self.share)
        self.look_at(before)
        self.assertEqual(differences(before, observe(self.other)), [])
        expected = set()
        for lose in self.losses:
            expected |= lose(self.other)
        os.chmod(self.other.at("many"), 0o604)
        if self.mode_matters:
            expected |= {("many", "descriptor"), ("many", "acl")}
        faults = differences(before, observe(self.other))
        self.assertEqual({fault[:2] for fault in faults}, expected, faults)

    def look_at(self, seen):
        """Everything that was asked for is there."""
        for item in ITEMS:
            for name, content in item.streams.items():
                self.assertEqual(seen[item.path][f"stream :{name}:$DATA"],
                                 content, item.path)
            for name, value in item.eas.items():
                self.assertEqual(seen[item.path][f"ea {name}"], (0, value))
            if item.data is not None:
                self.assertEqual(seen[item.path]["stream ::$DATA"], item.data)
            year = item.created[:4]
            self.assertIn(f" {year} ", seen[item.path]["create_time"])
        self.assertEqual(seen["most"]["attributes"], "RHS (7)")
        # smbcacls shows no SACL: the bytes of its first entry.
        self.assertIn("S-1-22-1-20001", seen["foreign owner"]["acl"])
        self.assertIn("02c01400ff011f00", seen["audited"]["descriptor"])
        raw = blobs(self.share.at("all"))
        self.assertLessEqual({NTACL, DOSATTRIB, "user.TEXT"}, set(raw))


class Tmpfs(Xattrs):
    """Large streams."""

    base = TMPFS
    least = 65535


class WithoutMode(Xattrs):
    options = ("acl_xattr:ignore system acls = yes",)
    mode_matters = False


class Depot(Xattrs):
    vfs = ("acl_xattr", "streams_depot")
    losses = (lose_descriptors, lose_attributes, lose_files, lose_depot)
    least = 1 << 20


class Copies(unittest.TestCase):
    def test_what_a_faithful_copy_keeps(self):
        """All that Samba knows of a file lies in its extended attributes, and
        it takes descriptors in their oldest form as well."""
        reason = samba_share.missing()
        if reason:
            self.skipTest(reason)
        first = self.enterContext(Share())
        populate(first)
        seen = observe(first)
        copy = os.path.join(first.tmp, "copy")
        subprocess.run(["cp", "-a", first.path, copy], check=True)
        second = self.enterContext(Share(copy))
        self.assertEqual(differences(seen, observe(second)), [])
        changed = 0
        for path in seen:
            raw = blobs(second.at(path))
            if NTACL in raw:
                os.setxattr(second.at(path), NTACL, plain_form(raw[NTACL]))
                changed += 1
        self.assertGreater(changed, len(ITEMS) // 3)
        self.assertEqual(differences(seen, observe(second)), [])


def plain_form(value):
    """An NTACL of version 1: the descriptor, and no digest of the mode."""
    plain = xattr.NTACL()
    plain.version = 1
    plain.info = ndr.ndr_unpack(xattr.NTACL, value).info.sd
    return ndr.ndr_pack(plain)


class Ending(unittest.TestCase):
    def test_ends_with_the_test(self):
        """However that ends."""
        reason = samba_share.missing()
        if reason:
            self.skipTest(reason)
        program = ("import os, samba_share\n"
                   "share = samba_share.Share().__enter__()\n"
                   "print(share.process.pid, share.tmp, flush=True)\n"
                   "os.kill(os.getpid(), 9)\n")
        done = subprocess.run(
            [sys.executable, "-B", "-c", program], check=False,
            stdout=subprocess.PIPE, cwd=os.path.dirname(__file__) or ".")
        pid, tmp = done.stdout.decode().split()
        self.addCleanup(subprocess.run, ["rm", "-r", tmp], check=True)
        end = time.monotonic() + samba_share.PATIENCE
        while is_running(pid):
            self.assertLess(time.monotonic(), end, "smbd goes on")
            time.sleep(0.02)


def is_running(pid):
    """Whoever nobody waits for may remain, but is dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return not re.search(r"\) [ZX]", stat.read())
    except FileNotFoundError:
        return False


def main():
    program = unittest.main(verbosity=2, exit=False)
    for case, reason in program.result.skipped:
        print(f"skipped: {case}: {reason}")
    if not program.result.wasSuccessful() or not program.result.testsRun:
        sys.exit(1)
    if len(program.result.skipped) == program.result.testsRun:
        sys.exit(77)


if __name__ == "__main__":
    main()
