# SPDX-License-Identifier: BSD-2-Clause
"""Test cases whose SOURCE is a small filesystem of its own, which can be
filled and broken."""

import errno
import fcntl
import os
import shutil
import struct

from mountcase import MountCase, mount_points, skip_all, write_all

MIB = 1 << 20
# The same for ext4 and xfs.
IOC_SHUTDOWN = 0x8004587D
LOG_FLUSH = 1
# What a filesystem says that broke: EUCLEAN has no name in errno.
BROKEN = (errno.EIO, errno.EROFS, 117)


class ImageCase(MountCase):
    """mkfs: the command that makes the filesystem. mount_options: of it."""

    size = 24 * MIB
    mkfs = ("mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0")
    mount_options = ("-o", "loop")

    def setUp(self):
        super().setUp()
        if not shutil.which(self.mkfs[0]):
            self.skipTest(f"no {self.mkfs[0]}")
        image = self.image_path()
        with open(image, "wb") as file:
            file.truncate(self.size)
        self.run_tool(*self.mkfs, image)
        self.run_tool("mount", *self.mount_options, image, self.source)
        self.addCleanup(self.unmount_source)

    def image_path(self):
        return os.path.join(self.tmp, "image")

    def unmount_source(self):
        # Not where there is nothing: umount would take the daemon's mount,
        # whose source has that name. One that broke cannot be asked.
        if any(path == self.source for path, _ in mount_points()):
            self.run_tool("umount", "-l", self.source)

    def fill(self, leave=0):
        """Takes all space but so many bytes."""
        size, step = 0, 1 << 40
        with open(self.under("filler"), "wb") as filler:
            while True:
                space = os.statvfs(self.source)
                # What is free is not all for content.
                step = min(step, space.f_bavail * space.f_frsize - leave)
                if step < space.f_frsize:
                    return
                try:
                    os.posix_fallocate(filler.fileno(), size, step)
                    size += step
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 2

    def shut_down(self, path=None):
        """What a pulled disk looks like: of SOURCE, or of what is at path."""
        directory = os.open(path or self.source, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, IOC_SHUTDOWN, struct.pack("I", LOG_FLUSH))
        except OSError as error:
            self.skipTest(f"cannot shut the filesystem down: {error}")
        finally:
            os.close(directory)


def write_until_error(path, size, flags=os.O_WRONLY | os.O_TRUNC):
    """Writes and closes; returns (errno, step), or None if all went well."""
    chunk = b"w" * 65536
    try:
        fd = os.open(path, flags, 0o644)
    except OSError as error:
        return error.errno, "open"
    step = "write"
    try:
        for _ in range(size // len(chunk)):
            write_all(fd, chunk)
        step = "close"
    except OSError as error:
        try:
            os.close(fd)
        except OSError:
            pass
        return error.errno, step
    try:
        os.close(fd)
    except OSError as error:
        return error.errno, step
    return None


def skip_without_images():
    if not shutil.which("mkfs.ext4") or not os.path.exists(
            "/dev/loop-control"):
        skip_all("no mkfs.ext4, or no loop devices")
