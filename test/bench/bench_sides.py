# SPDX-License-Identifier: BSD-2-Clause
"""The sides of the comparison: who serves the bytes.

A side is opened over a directory and says where its root is then; closing it
unmounts, whatever happens. usage() is what its daemon has used so far. What a
daemon says is in a file beside its mount point.
"""

import collections
import os
import shutil
import subprocess
import time

PATIENCE = 60

Usage = collections.namedtuple("Usage", "cpu switches")


class Native:
    """The filesystem itself."""

    name = "native"
    missing = None
    pid = None

    def __init__(self, directory):
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

    missing = None

    def __init__(self, directory, point):
        super().__init__(point)
        self.directory, self.point = directory, point
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        os.makedirs(self.point, exist_ok=True)
        with open(self.point + ".log", "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        try:
            self._wait_mounted()
        except BaseException:
            self._unmount()
            raise
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
            time.sleep(0.005)
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
            except FileNotFoundError:
                pass
        return Usage(nanoseconds / 1e9, switches)

    def _running(self, thread):
        with open(f"/proc/{self.pid}/task/{thread}/schedstat",
                  encoding="ascii") as stat:
            return int(stat.read().split()[0])

    def peak_memory(self):
        """In KiB."""
        return self._status("VmHWM:")

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
    name = "bindfs"
    missing = None if shutil.which("bindfs") else "bindfs is not installed"

    def command(self):
        return ["bindfs", "-f", self.directory, self.point]
