# SPDX-License-Identifier: BSD-2-Clause
"""Files to be killed for: an old one, and the new one that it is to become,
made by nothing but system calls."""

import os
import random
import struct

from kill_case import ACCESS
from mountcase import write
from ntfs_descriptors import ALLOW, DACL, EVERYONE, acl, ace, descriptor

DEFAULT = "system.posix_acl_default"
# That of what is replaced has more digits than times of Windows.
OLD, NEW = 1_000_000_000_123_456_789, 1_100_000_000_987_654_300
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 1, 2, 4, 16, 32
STREAM = "user.DosStream.{}:$DATA"
HOLE = 1 << 18


def posix_acl(*entries):
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perms, who) for tag, perms, who in entries)


# Whose mask is more than what it grants to the group.
ACL = posix_acl((USER_OBJ, 6, 2**32 - 1), (USER, 6, 1000),
                (GROUP_OBJ, 0, 2**32 - 1), (MASK, 6, 2**32 - 1),
                (OTHER, 0, 2**32 - 1))


def ntacl(sd):
    """As Samba keeps a descriptor, in version 1."""
    head = struct.pack("<HHI", 1, 1, 0x20000)
    offsets = (offset and offset + len(head)
               for offset in struct.unpack_from("<4I", sd, 4))
    return head + sd[:4] + struct.pack("<4I", *offsets) + sd[20:]


def dosattrib(attributes, creation):
    return struct.pack("<4H2IQ", 0, 5, 5, 0, 0x11, attributes, creation)


def old_posix(path):
    os.chown(path, 1001, 1002)
    os.setxattr(path, ACCESS, ACL)
    os.setxattr(path, "user.changed", b"old")
    os.setxattr(path, "user.removed", b"old")
    os.utime(path, ns=(OLD, OLD))


def new_posix(path):
    os.chown(path, 2001, 2002)
    os.chmod(path, 0o604)
    os.setxattr(path, "user.changed", b"new")
    os.setxattr(path, "user.added", b"new")
    os.utime(path, ns=(NEW, NEW))


def old_samba(path):
    os.setxattr(path, "security.NTACL", ntacl(descriptor(DACL)))
    os.setxattr(path, "user.DOSATTRIB", dosattrib(0x22, 10**17))
    for name in ("changed", "removed"):
        os.setxattr(path, STREAM.format(name), b"old\0")
    os.setxattr(path, "user.changed", b"old")
    os.utime(path, ns=(OLD, OLD))


def new_samba(path):
    os.setxattr(path, "security.NTACL", ntacl(descriptor(
        acl(ace(ALLOW, 0x1f01ff, EVERYONE)), owner=EVERYONE)))
    os.setxattr(path, "user.DOSATTRIB", dosattrib(
        0x31 if os.path.isdir(path) else 0x21, 11 * 10**16))
    for name in ("changed", "added"):
        os.setxattr(path, STREAM.format(name), b"new " * 50 + b"\0")
    os.setxattr(path, "user.changed", b"new")
    os.setxattr(path, "user.added", b"new")
    os.utime(path, ns=(NEW, NEW))


MAKERS = {"posix": (old_posix, new_posix), "samba": (old_samba, new_samba)}
NEW_DATA = random.Random(1).randbytes(70000) + bytes(HOLE) \
    + random.Random(2).randbytes(5000)


def old_file(path, profile):
    write(path, b"old content;" * 9000)
    MAKERS[profile][0](path)


def new_file(path, profile):
    """With a hole; what is in it shows through whatever was there."""
    with open(path, "wb") as file:
        file.write(NEW_DATA[:70000])
        file.seek(HOLE, os.SEEK_CUR)
        file.write(NEW_DATA[70000 + HOLE:])
    os.chmod(path, 0o644)
    MAKERS[profile][1](path)
