# SPDX-License-Identifier: BSD-2-Clause
"""The sides of the comparison: who serves the bytes.

A side is opened over a directory and says where its root is then; closing it
unmounts, whatever happens. usage() is what its daemon has used so far. What a
daemon says is in a file beside its mount point. kinds are those of the groups
of rows that a side can take part in.
"""

import collections
import os
import shutil
import subprocess
import tarfile
import time

PATIENCE = 60
MIB = 1 << 20
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024

# Kinds of groups: reading a large file in order, reading, writing, the rest.
SEQUENTIAL, READ, WRITE, MANY, MOUNT = "sequential", "read", "write", \
    "many", "mount"

Usage = collections.namedtuple("Usage", "cpu switches")


def missing_program(*programs):
    """Why something cannot run, or None."""
    for program in programs:
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


class Native:
    """The filesystem itself."""

    name = "native"
    kinds = (SEQUENTIAL, READ, WRITE, MANY)
    note = missing = pid = None
    image = None  # the file that it serves, instead of a directory

    def __init__(self, directory, _=None):
        self.root = directory

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def usage(self):
        return Usage(0.0, 0)

    def peak_memory(self):
        return 0


class Daemon(Native):
    """A FUSE filesystem in the foreground. Subclasses have command()."""

    kinds = Native.kinds + (MOUNT,)
    pause = 0.001  # between looks whether it is mounted: seconds

    def __init__(self, directory, point):
        super().__init__(point)
        self.directory, self.point = directory, point
        self.process = self.mount_seconds = None

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        os.makedirs(self.point, exist_ok=True)
        start = time.perf_counter()
        with open(self.point + ".log", "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        try:
            self._wait_mounted()
        except BaseException:
            self._unmount()
            raise
        self.mount_seconds = time.perf_counter() - start
        return self

    def _log(self):
        with open(self.point + ".log", errors="replace",
                  encoding="utf-8") as log:
            return log.read()

    def _wait_mounted(self):
        end = time.monotonic() + PATIENCE
        while not os.path.ismount(self.point):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self._log()}")
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not mount")
            time.sleep(self.pause)
        os.statvfs(self.point)

    def __exit__(self, *error):
        self._unmount()
        if self.process.returncode and not any(error):
            raise RuntimeError(f"{self.name} ended with status "
                               f"{self.process.returncode}: {self._log()}")

    def _unmount(self):
        command = ["umount"] if os.geteuid() == 0 else ["fusermount3", "-u"]
        end = time.monotonic() + 5
        while self.process.poll() is None and os.path.ismount(self.point):
            done = subprocess.run([*command, self.point], check=False,
                                  capture_output=True)
            if done.returncode and time.monotonic() > end:
                command.insert(1, "-l" if command[0] == "umount" else "-z")
                end += PATIENCE
            time.sleep(0.005)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def usage(self):
        """Processor seconds, and context switches, of all its threads."""
        nanoseconds = switches = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                nanoseconds += self._running(thread)
                switches += self._status("ctxt_switches:", f"task/{thread}/")
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended
        return Usage(nanoseconds / 1e9, switches)

    def _running(self, thread):
        with open(f"/proc/{self.pid}/task/{thread}/schedstat",
                  encoding="ascii") as stat:
            return int(stat.read().split()[0])

    def peak_memory(self):
        """In KiB."""
        return self._status("VmHWM:")

    def memory(self):
        """What is resident now, in KiB."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as memory:
            return int(memory.read().split()[1]) * PAGE_KIB

    def _status(self, key, thread=""):
        with open(f"/proc/{self.pid}/{thread}status", encoding="ascii",
                  errors="replace") as status:
            return sum(int(line.split()[1]) for line in status
                       if key in line.split()[0])


class Bkupfs(Daemon):
    name = "bkupfs"
    binary = None
    options = ()

    def command(self):
        return [self.binary, "-f", *self.options, self.directory, self.point]


class Bindfs(Daemon):
    """Without that option it has one thread."""

    name = "bindfs"
    missing = missing_program("bindfs")
    threads = "--multithreaded"

    def command(self):
        return ["bindfs", "-f", self.threads, self.directory, self.point]


class BindfsSingle(Bindfs):
    name = "bindfs-s"
    threads = "-s"


class Image(Daemon):
    """Serves an image of the directory, which is made once, beside it.
    Subclasses have make()."""

    suffix = None

    def __init__(self, directory, point):
        super().__init__(directory, point)
        self.image = directory + self.suffix
        if not os.path.exists(self.image):
            self.make(directory, self.image + ".new")
            os.rename(self.image + ".new", self.image)
        # As much of it is cached as of the directory.
        with open(self.image, "rb") as image:
            while image.read(MIB):
                pass


class Squashfuse(Image):
    """Its image is not compressed."""

    name = "squashfuse"
    kinds = (SEQUENTIAL, READ)
    suffix = ".squashfs"
    binary = shutil.which("squashfuse_ll") or "squashfuse"
    missing = missing_program(binary, "mksquashfs")

    @staticmethod
    def make(directory, image):
        subprocess.run(["mksquashfs", directory, image, "-noI", "-noD", "-noF",
                        "-noX", "-no-xattrs", "-no-progress", "-noappend"],
                       check=True, stdout=subprocess.DEVNULL)

    def command(self):
        return [self.binary, "-f", self.image, self.point]


class Archivemount(Image):
    """Its archive has no more than the beginning of the large file: it reads
    the archive anew from its begin again and again."""

    name = "archivemount"
    kinds = (SEQUENTIAL,)
    suffix = ".tar"
    most = 32 * MIB
    note = (f"archivemount: of no more than {most // MIB} MiB, since its time "
            "grows with the square of the size")
    missing = missing_program("archivemount")

    @classmethod
    def make(cls, directory, image):
        with tarfile.open(image, "w") as out:
            for name in os.listdir(directory):
                about = out.gettarinfo(os.path.join(directory, name), name)
                about.size = min(about.size, cls.most)
                with open(os.path.join(directory, name), "rb") as file:
                    out.addfile(about, file)

    def command(self):
        return ["archivemount", "-f", "-o", "readonly", self.image, self.point]
