# SPDX-License-Identifier: BSD-2-Clause
"""NTFS volumes in image files, mounted by ntfs-3g, for tests of live files.

    with Volume() as volume:
        populate(volume)
        before = observe(volume)
        ...
        print(*differences(before, observe(volume), but=OF_THE_VOLUME))

Nothing of libbkup, bkup or bkupfs has a part in it: ntfs_populate.py makes
files, and ntfs_observe.py looks at them through ntfs-3g and, in the image
that is not mounted, through ntfsinfo and ntfscat.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import end_with_parent, mount_points, run_cases, skip_all, \
    wait_for

PROGRAMS = ("ntfs-3g", "mkntfs", "ntfsinfo", "ntfscat", "ntfssecaudit")
SIZE = 512 << 20


def lacking():
    """Why there cannot be a volume here, or None."""
    for program in PROGRAMS:
        if not shutil.which(program):
            return f"{program} is not installed"
    if os.geteuid() != 0:
        return "only root may mount here"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    return None


class Volume:
    """A volume that is mounted while the context lasts: a fresh one of some
    size, or that in an image, which is left where it is.

    image, point: where it is. options: those of ntfs-3g's -o; by default
    streams are at FILE:STREAM, and reading changes no time of access.
    """

    def __init__(self, options="streams_interface=windows,noatime",
                 size=SIZE, image=None):
        self.options, self.size, self.image = options, size, image
        self.process = None
        # How long it may take to unmount.
        self.patience = 20

    def __enter__(self):
        self.tmp = tempfile.mkdtemp(prefix="bkupfs-ntfs.")
        self.point = os.path.join(self.tmp, "mount")
        try:
            os.mkdir(self.point)
            if self.image is None:
                self.image = os.path.join(self.tmp, "image")
                make_image(self.image, self.size)
            self.mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.unmount()
        finally:
            self.abandon()
            shutil.rmtree(self.tmp, ignore_errors=True)

    def at(self, *names):
        """A path in the mount."""
        return os.path.join(self.point, *names)

    def is_mounted(self):
        return any(path == self.point for path, _ in mount_points())

    def mount(self, options=None):
        """Mounts it; options, if given, are for this time only."""
        log = os.path.join(self.tmp, "log")
        with open(log, "wb") as said:
            self.process = subprocess.Popen(
                ["ntfs-3g", "-o", "no_detach," + (options or self.options),
                 self.image, self.point],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                preexec_fn=end_with_parent)
        wait_for(lambda: self.is_mounted()
                 or self.process.poll() is not None, 20, "mount")
        if self.process.poll() is not None:
            with open(log, encoding="utf-8", errors="replace") as said:
                raise AssertionError(f"ntfs-3g: {said.read()}")
        os.statvfs(self.point)

    def unmount(self):
        """After this the image holds everything."""
        if self.process is None:
            return
        if self.process.poll() is None:
            wait_for(self.try_unmount, self.patience, "umount")
        self.process.wait(timeout=60)
        self.process = None

    def try_unmount(self):
        return subprocess.run(["umount", self.point], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0

    def remount(self):
        """What the kernel remembers of the volume is forgotten."""
        self.unmount()
        self.mount()

    def abandon(self):
        """Whatever it takes, of this volume only."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.is_mounted():
            subprocess.run(["umount", "-l", self.point], check=False)
            time.sleep(0.1)
        self.process = None


def make_image(path, size):
    with open(path, "xb") as image:
        image.truncate(size)
    subprocess.run(["mkntfs", "-F", "-Q", "-q", path], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=60)


def main():
    """Of a test that needs volumes and nothing else."""
    reason = lacking()
    if reason:
        skip_all(reason)
    run_cases()
