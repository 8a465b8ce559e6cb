# SPDX-License-Identifier: BSD-2-Clause
"""Extended attributes of ntfs-3g, of symbolic links and junctions as well.

It says EIO where a buffer is too small, which os.getxattr does not expect:
values are read into a buffer that holds the largest one.
"""

import ctypes
import errno
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.lgetxattr.restype = ctypes.c_ssize_t
LARGEST = 65536
ABSENT = (errno.ENODATA, errno.EOPNOTSUPP)


def get(path, name, absent=ABSENT):
    """A value, or None if there is none, which is what absent means."""
    buffer = ctypes.create_string_buffer(LARGEST)
    size = LIBC.lgetxattr(os.fsencode(path), os.fsencode(name), buffer,
                          ctypes.c_size_t(LARGEST))
    if size >= 0:
        return buffer.raw[:size]
    code = ctypes.get_errno()
    if code in absent:
        return None
    raise OSError(code, f"{os.strerror(code)}: {name}", path)


def put(path, name, value):
    os.setxattr(path, name, value, follow_symlinks=False)


def attributes(path):
    return struct.unpack(">I", get(path, "system.ntfs_attrib_be"))[0]


def set_attributes(path, value):
    put(path, "system.ntfs_attrib_be", struct.pack(">I", value))


def times(path):
    """Creation, last write, last access, change of the record: FILETIMEs."""
    return struct.unpack(">4Q", get(path, "system.ntfs_times_be"))


def set_times(path, creation, write, access):
    put(path, "system.ntfs_times_be", struct.pack(">3Q", creation, write,
                                                  access))


def stream_names(path):
    """Needs streams_interface=windows, without which there are none."""
    listed = get(path, "ntfs.streams.list")
    return listed.split(b"\0") if listed else []
