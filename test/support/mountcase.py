# SPDX-License-Identifier: BSD-2-Clause
"""Test cases on real mounts: what mount.sh is to shell tests.

The daemon to test is in the environment: BKUPFS, an absolute path. A test is
a file whose cases derive from MountCase and which ends with main(). It exits
with 77, and says why, where it cannot run.
"""

import contextlib
import ctypes
import errno
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from nt_records import check_written, listing

BAD_WORDS = re.compile(
    rb"assert|sanitizer|runtime error|sigsegv|\bbug\b|data race|double free"
    rb"|corruption", re.I)
# Nothing here takes that long; a hung daemon is killed, so that the test
# ends and can clean up.
PATIENCE = 120
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
SANITIZED = bool(os.environ.get("BKUP_SANITIZE"))


def bkupfs():
    return os.environ["BKUPFS"]


def mount_points():
    """[(path, type)] of what is mounted, oldest first."""
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8",
              errors="surrogateescape") as lines:
        for line in lines:
            left, right = line.split(" - ")
            found.append((left.split()[4], right.split()[0]))
    return found


def wait_for(condition, seconds, what):
    """Polls until condition() is true, and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def end_with_parent():
    """So that a test that is killed leaves no mount."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Mount:
    """A daemon in the foreground and its mount.

    wrapper: a command that becomes the daemon, such as prlimit.
    environment: what the daemon has in it beside our own.
    """

    def __init__(self, source, point, options, log, wrapper=(),
                 environment=None):
        self.source, self.point, self.options = source, point, options
        self.log = log
        self.wrapper, self.environment = wrapper, environment or {}
        self.process = None
        self.killer = None

    def count(self):
        return sum(1 for path, _ in mount_points() if path == self.point)

    def start(self):
        before = self.count()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, bkupfs(), "-f", *self.options, self.source,
                 self.point],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.environment},
                preexec_fn=end_with_parent)
        self.killer = threading.Timer(PATIENCE, self.process.kill)
        self.killer.daemon = True
        self.killer.start()
        wait_for(lambda: self.process.poll() is not None
                 or self.count() > before, 20, "mount")
        if self.process.returncode is not None:
            raise AssertionError(f"daemon exited with "
                                 f"{self.process.returncode}: {self.text()}")
        os.statvfs(self.point)

    def end(self):
        """Waits for the daemon to exit; returns its status."""
        status = self.process.wait(timeout=30)
        self.killer.cancel()
        return status

    def stop(self):
        said = []

        def unmounted():
            done = subprocess.run(["umount", self.point], check=False,
                                  capture_output=True)
            said[:] = [done.stderr]
            return done.returncode == 0
        wait_for(unmounted, 5, said)
        status = self.end()
        if status:
            raise AssertionError(f"daemon exited with {status}: {self.text()}")

    def abandon(self):
        """Whatever it takes, after a test."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
            # By force: what waits for an answer cannot be killed.
            for how in ("-f", "-l"):
                subprocess.run(["umount", how, self.point], check=False,
                               stderr=subprocess.DEVNULL)
            self.process.wait()
        elif self.count():
            subprocess.run(["umount", "-l", self.point], check=False,
                           stderr=subprocess.DEVNULL)
        self.killer.cancel()

    def handles(self):
        """How many descriptors the daemon has."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def text(self):
        with open(self.log, "rb") as log:
            return log.read().decode(errors="replace")

    def lines(self, word):
        """The log's lines that hold a word."""
        return [line for line in self.text().splitlines() if word in line]

    def peak_memory(self):
        """VmHWM of the daemon, in bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii",
                  errors="replace") as status:
            return next(int(line.split()[1]) * 1024 for line in status
                        if line.startswith("VmHWM:"))


class MountCase(unittest.TestCase):
    """A fresh source directory and mount point for each test."""

    # What a daemon says as it crashes is told in full.
    maxDiff = None

    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="bkupfs-test.")
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        os.chmod(self.tmp, 0o755)
        self.source = self.directory("source")
        self.point = self.directory("mount")
        self.mounts = []
        self.addCleanup(self._clean)

    def directory(self, name):
        path = os.path.join(self.tmp, name)
        os.mkdir(path)
        return path

    def _clean(self):
        faults = []
        for mount in reversed(self.mounts):
            try:
                if mount.process and mount.process.poll() is None:
                    mount.stop()
            except (AssertionError, subprocess.TimeoutExpired) as fault:
                faults.append(fault)
            finally:
                mount.abandon()
        for log in {mount.log for mount in self.mounts}:
            with open(log, "rb") as lines:
                faults += [line for line in lines if BAD_WORDS.search(line)]
        self.assertEqual(faults, [], "what the daemon did, or said")

    def mount(self, *options, source=None, point=None, **how):
        """Mounts and returns the Mount, which is stopped after the test, if
        not by it; either way the daemon must end well."""
        log = os.path.join(self.tmp, f"log.{len(self.mounts)}")
        mount = Mount(source or self.source, point or self.point,
                      list(options), log, **how)
        self.mounts.append(mount)
        mount.start()
        return mount

    def remount(self):
        """Stops the last mount, which must end well, and starts it again."""
        last = self.mounts[-1]
        last.stop()
        return self.mount(*last.options, source=last.source, point=last.point)

    def under(self, *names):
        return os.path.join(self.source, *names)

    def at(self, *names):
        """A path in the mount; names are text, or bytes."""
        if any(isinstance(name, bytes) for name in names):
            return os.path.join(os.fsencode(self.point),
                                *[os.fsencode(name) for name in names])
        return os.path.join(self.point, *names)

    def put(self, name, data):
        """Writes an underlying file, whose times are in the past."""
        path = self.under(name)
        write(path, data)
        os.utime(path, ns=(10**18, 10**18 + len(data)))
        return path

    def streams(self, name):
        """{child: Stream} of an underlying file that must be sound."""
        data = read(self.under(name))
        self.assertEqual(check_written(data), [], name)
        return listing(data)

    def contents(self, name):
        """{child: content} of an underlying file that must be sound."""
        data = read(self.under(name))
        self.assertEqual(check_written(data), [], name)
        return {child: stream.content(data)
                for child, stream in listing(data).items()}

    def fails(self, code, call, *args, **kwargs):
        """Asserts that a call fails with an errno, or one of several."""
        codes = code if isinstance(code, (tuple, set)) else (code,)
        with self.assertRaises(OSError) as caught:
            call(*args, **kwargs)
        names = [errno.errorcode[c] for c in codes]
        self.assertIn(errno.errorcode.get(caught.exception.errno), names,
                      caught.exception)
        return caught.exception.errno

    @contextlib.contextmanager
    def traced(self, calls):
        """The daemon's calls meanwhile: a list of strace's lines, which is
        filled in the end."""
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        out = os.path.join(self.tmp, "trace")
        pid = self.mounts[-1].process.pid
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-y", "-e", f"trace={calls}", "-o", out,
             "-p", str(pid)], stderr=subprocess.PIPE)

        def attached():
            if tracer.poll() is not None:
                self.skipTest(f"strace: {tracer.stderr.read().decode()}")
            return all(re.search(rb"TracerPid:\t[1-9]", read(
                f"/proc/{pid}/task/{task}/status"))
                for task in os.listdir(f"/proc/{pid}/task"))

        lines = []
        try:
            wait_for(attached, 10, "strace")
            yield lines
        finally:
            tracer.terminate()
            tracer.wait()
            tracer.stderr.close()
        lines += read(out).decode(errors="replace").splitlines()

    def run_tool(self, *command, **kwargs):
        """Runs a program, which must succeed; returns what it prints."""
        done = subprocess.run(command, capture_output=True, check=False,
                              timeout=PATIENCE, **kwargs)
        self.assertEqual(done.returncode, 0, (command, done.stderr))
        return done.stdout.decode(errors="surrogateescape")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    """Writes a file as `cat >` would; an error of close is raised too."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(fd, data)
    except BaseException:
        try:
            os.close(fd)
        except OSError:
            pass
        raise
    os.close(fd)


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def close_error(fd):
    """What close says, or None."""
    try:
        os.close(fd)
    except OSError as error:
        return error
    return None


def fingerprint(path):
    """What a file is, if nobody touched it."""
    st = os.stat(path)
    return (st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns, st.st_mode,
            hashlib.sha256(read(path)).hexdigest())


def skip_all(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def main():
    if not os.environ.get("BKUPFS"):
        skip_all("BKUPFS names no daemon")
    if os.geteuid() != 0:
        skip_all("only root may mount here")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        skip_all("no /dev/fuse")
    run_cases()


def run_cases():
    """Those of the file that runs; exits as a test of CTest's does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    program = unittest.main(verbosity=2, exit=False)
    result = program.result
    for case, reason in result.skipped:
        print(f"skipped: {case}: {reason}")
    if not result.wasSuccessful() or not result.testsRun:
        sys.exit(1)
    if len(result.skipped) == result.testsRun:
        sys.exit(77)
