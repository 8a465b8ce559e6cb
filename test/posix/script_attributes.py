# SPDX-License-Identifier: BSD-2-Clause
"""Modes, owners, times, extended attributes and ACLs, and who may set them."""

import os
import struct
from itertools import product

from posix_calls import UTIME_NOW, UTIME_OMIT
from posix_compare import Script
from posix_users import MEMBER, OTHER, OWNER, ROOT, SIDE_GROUP, \
    SUPPLEMENTARY, USERS, Fd
from script_files import setup
from script_tree import KIND, make

F = Fd("f")
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
CREATE, REPLACE = os.XATTR_CREATE, os.XATTR_REPLACE
TIME = (1_234_567_890, 123_456_789)


def acl(owner, group, other, mask=None, users=(), groups=()):
    """A POSIX ACL as its extended attribute has it."""
    entries = [(1, owner, -1), *[(2, mode, uid) for uid, mode in users],
               (4, group, -1), *[(8, mode, gid) for gid, mode in groups],
               *([] if mask is None else [(16, mask, -1)]), (32, other, -1)]
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHi", *entry) for entry in entries)


ACLS = {
    "mode": acl(6, 4, 0),
    "other in": acl(7, 5, 0, 7, [(OTHER.uid, 7)]),
    "other masked": acl(7, 5, 0, 4, [(OTHER.uid, 7)]),
    "group in": acl(7, 0, 0, 6, [], [(SIDE_GROUP, 6)]),
    "member out": acl(7, 7, 7, 7, [(MEMBER.uid, 0)]),
}
BAD_ACLS = {"empty": b"", "short": b"\2\0\0", "version": b"\3\0\0\0",
            "head": b"\2\0\0\0", "no mask": acl(7, 5, 0, None,
                                                [(OTHER.uid, 7)]),
            "tag": b"\2\0\0\0" + struct.pack("<HHi", 3, 7, -1),
            "mode": acl(15, 5, 0)}


def setting(user, path, number):
    """Calls that set something; those of one number are one script."""
    return [
        [user.chmod(path, 0o700)], [user.chmod(path, 0o7777)],
        [user.chmod(path, 0o2755), user.chmod(path, 0o755)],
        [user.chown(path, -1, -1)], [user.chown(path, user.uid, -1)],
        [user.chown(path, -1, user.gid)],
        [user.chown(path, OWNER.uid, OWNER.gid)],
        [user.chown(path, -1, SIDE_GROUP)],
        [user.chown(path, MEMBER.uid, -1)], [user.chown(path, -1, 7)],
        [user.utimes_now(path)], [user.set_mtime(path, TIME, TIME)],
        [user.utimens(path, (0, UTIME_NOW), (0, UTIME_NOW))],
        [user.utimens(path, (0, UTIME_OMIT), (0, UTIME_OMIT))],
        [user.utimens(path, (0, UTIME_NOW), (0, UTIME_OMIT))],
        [user.set_mtime(path, (0, UTIME_OMIT), TIME)],
        [user.utimens(path, TIME, (0, 10 ** 9))],
        [user.setxattr(path, ACCESS, acl(7, 5, 0)),
         user.getxattr(path, ACCESS)],
        [user.setxattr(path, DEFAULT, acl(7, 5, 0)),
         user.getxattr(path, DEFAULT)],
        [user.removexattr(path, ACCESS), user.removexattr(path, DEFAULT)],
        [user.setxattr(path, "user.x", b"1"), user.getxattr(path, "user.x")],
        [user.setxattr(path, "trusted.x", b"1"),
         user.getxattr(path, "trusted.x"), user.listxattr(path)],
        [user.setxattr(path, "security.x", b"1")],
        [user.setxattr(path, "system.x", b"1")],
        [user.setxattr(path, "nothing.x", b"1")],
    ][number]


SETTINGS = 25


def of_nodes():
    for node, user, mode, number in product(
            ("directory", "fifo"), USERS, (0o755, 0o777), range(SETTINGS)):
        yield Script(KIND, f"set {number} on {node} {mode:o}", [
            *make(node, "n", OWNER), ROOT.chmod("n", mode),
            *setting(user, "n", number)])
    for user, mode in product(USERS, (0o6755, 0o2777, 0o6644, 0o4700)):
        for node in ("directory", "fifo"):
            for number, step in enumerate((
                    user.chown("n", OWNER.uid, OWNER.gid),
                    user.chown("n", -1, SIDE_GROUP), user.chown("n", -1, -1),
                    user.chmod("n", mode), user.setxattr(
                        "n", ACCESS, acl(7, 7, 7)))):
                yield Script(KIND, f"set-id bits of {node} {mode:o} {number}",
                             [*make(node, "n", OWNER),
                              ROOT.chown("n", -1, OTHER.gid),
                              ROOT.chmod("n", mode), step])


def of_files(kind, a, b):
    path = f"o/{a}"
    for user, mode, number in product(USERS, (0o644, 0o666),
                                      range(SETTINGS)):
        yield Script(kind, f"set {number} on file {mode:o}", [
            *setup(a), ROOT.chmod("o", mode | 0o111), ROOT.chmod(path, mode),
            *setting(user, path, number)])
    for user in USERS:
        yield Script(kind, f"set by descriptor by {user}", [
            *setup(a), user.hold("f", path, os.O_RDONLY),
            user.futimens(F, TIME, TIME), user.fchown(F, -1, user.gid),
            user.fchmod(F, 0o644), user.close(F)])
    for mode, user in product((0o6755, 0o6777, 0o2767, 0o2745, 0o4755),
                              (ROOT, OWNER, MEMBER, SUPPLEMENTARY)):
        base = [*setup(a), ROOT.chmod("o", 0o777),
                ROOT.chown(path, -1, OTHER.gid), ROOT.chmod(path, mode)]
        for number, steps in enumerate((
                [user.put(path, b"new")], [user.truncate(path, 1)],
                [user.hold("f", path, os.O_RDWR), user.pwrite(F, b"x", 1),
                 user.fstat(F), user.close(F)],
                [user.hold("f", path, os.O_WRONLY), user.pwrite(F, b"x", 1),
                 user.fstat(F), user.close(F)],
                [user.hold("f", path, os.O_RDWR),
                 user.fallocate(F, 0, 0, 99), user.close(F)])):
            yield Script(kind, f"set-id bits of a file {mode:o} {number}",
                         [*base, *steps])
    for umask, mode in product((0, 0o022, 0o077), (0o666, 0o600, 0o777)):
        yield Script(kind, f"a file is made {mode:o}", [
            OWNER.mkdir("o", 0o755),
            OWNER.masked(umask).put(path, b"x", mode)])


def xattrs(kind, path, base):
    """path is made by base and belongs to the owner."""
    big = b"v" * 65537
    for number, step in enumerate((
            OWNER.getxattr_sized(path, "user.x", 0),
            OWNER.getxattr_sized(path, "user.x", 2),
            OWNER.getxattr_sized(path, "user.x", 99),
            OWNER.setxattr(path, "user.x", b"2", CREATE),
            OWNER.setxattr(path, "user.y", b"2", REPLACE),
            OWNER.setxattr(path, "user.x", b"2", REPLACE),
            OWNER.setxattr(path, "user.x", b"2", 8),
            OWNER.setxattr(path, "user.x", b""),
            OWNER.setxattr(path, "user.x", big),
            OWNER.setxattr(path, "user." + "n" * 250, b"x"),
            OWNER.setxattr(path, "user." + "n" * 251, b"x"),
            OWNER.setxattr(path, "user.", b"x"),
            OWNER.setxattr(path, "", b"x"),
            OWNER.removexattr(path, "user.x"),
            OWNER.removexattr(path, "user.y"), OWNER.listxattr(path),
            OTHER.getxattr(path, "user.x"), OTHER.listxattr(path),
            OTHER.setxattr(path, "user.x", b"2"),
            OTHER.removexattr(path, "user.x"),
            OTHER.getxattr(path, "trusted.x"),
            ROOT.getxattr(path, "trusted.x"), ROOT.listxattr(path),
            OTHER.getxattr(path, "security.x"),
            OTHER.removexattr(path, "security.x"))):
        yield Script(kind, f"xattr of {path} {number}", [
            *base, OWNER.setxattr(path, "user.x", b"value"),
            ROOT.setxattr(path, "trusted.x", b"value"),
            ROOT.setxattr(path, "security.x", b"value"), step])


def acls(kind, path, base, access=()):
    """What ACLs are told to be, and that they are heeded."""
    for name, value in ACLS.items():
        for user in USERS:
            yield Script(kind, f"ACL {name} of {path} by {user}", [
                *base, OWNER.setxattr(path, ACCESS, value),
                OWNER.getxattr(path, ACCESS),
                user.access(path, os.R_OK), user.access(path, os.W_OK),
                user.access(path, os.R_OK, 0x200),
                *[getattr(user, call)(*args) for call, *args in access],
                OWNER.chmod(path, 0o740), OWNER.getxattr(path, ACCESS),
                user.access(path, os.R_OK), user.access(path, os.W_OK),
                OWNER.removexattr(path, ACCESS),
                user.access(path, os.R_OK)])
    for name, value in BAD_ACLS.items():
        for which in (ACCESS, DEFAULT):
            yield Script(kind, f"bad ACL {name} of {path} {which}", [
                *base, OWNER.setxattr(path, which, value)])


def default_acls():
    for (name, value), umask, user in product(
            ACLS.items(), (0, 0o077), (ROOT, OWNER, OTHER)):
        who = user.masked(umask)
        yield Script(KIND, f"default ACL {name}", [
            OWNER.mkdir("d"), OWNER.setxattr("d", DEFAULT, value),
            ROOT.chmod("d", 0o777), who.mkdir("d/d", 0o777),
            who.mkfifo("d/f", 0o666), who.mkdir("d/e", 0o700),
            who.symlink("x", "d/l"), ROOT.getxattr("d/d", DEFAULT),
            ROOT.getxattr("d/f", ACCESS), ROOT.getxattr("d/d", ACCESS)])


def times_of_nodes():
    """What changes the times of what."""
    yield Script(KIND, "times", [
        OWNER.mkdir("d"), OWNER.mkdir("d/a"), OWNER.mkfifo("d/f"),
        OWNER.mkdir("e"), OWNER.rename("d/a", "d/b"),
        OWNER.rename("d/b", "e/b"), OWNER.symlink("x", "d/l"),
        OWNER.unlink("d/f"), OWNER.rmdir("e/b"), OWNER.chmod("d", 0o700),
        OWNER.chmod("d", 0o700), OWNER.chown("d", -1, SIDE_GROUP),
        OWNER.setxattr("d", "user.x", b"1"), OWNER.listdir("d"),
        OWNER.stat("d"), OWNER.mkdir("d"), OWNER.rmdir("d"),
        OWNER.utimens("e", TIME, (0, UTIME_OMIT)),
        OWNER.utimens("e", (0, UTIME_OMIT), (0, UTIME_OMIT)),
        OWNER.utimens("e", TIME, TIME)], True)


def times_of_files(kind, a, b):
    yield Script(kind, "times of files", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.read(F, 9), OWNER.pwrite(F, b"x", 0), OWNER.close(F),
        OWNER.put(f"o/{a}", b"new"), OWNER.truncate(f"o/{a}", 1),
        OWNER.truncate(f"o/{a}", 1), OWNER.put(f"o/{b}", b"other"),
        OWNER.open(f"o/{a}", os.O_RDONLY),
        OWNER.open(f"o/{a}", os.O_WRONLY), OWNER.unlink(f"o/{b}"),
        OWNER.rename(f"o/{a}", f"o/{b}"), OWNER.chmod(f"o/{b}", 0o644),
        OWNER.utimens(f"o/{b}", TIME, TIME), OWNER.listdir("o"),
        OWNER.hold("f", f"o/{b}", os.O_RDWR), OWNER.write(F, b""),
        OWNER.ftruncate(F, 1), OWNER.fsync(F), OWNER.close(F),
        OWNER.open(f"o/{b}", os.O_RDWR | os.O_TRUNC),
        OWNER.open(f"o/{b}", os.O_RDWR | os.O_TRUNC)], True)


def scripts():
    yield from of_nodes()
    directory = [OWNER.mkdir("n", 0o755)]
    yield from xattrs(KIND, "n", directory)
    yield from acls(KIND, "n", directory, (
        ("listdir", "n"), ("chdir", "n"), ("mkdir", "n/d"),
        ("stat", "n/d")))
    yield from default_acls()
    yield from times_of_nodes()


def file_scripts(kind, a, b):
    yield from of_files(kind, a, b)
    base, path = setup(a), f"o/{a}"
    yield from xattrs(kind, path, base)
    yield from acls(kind, path, base, (
        ("open", path, os.O_RDONLY), ("open", path, os.O_WRONLY)))
    yield from times_of_files(kind, a, b)
