# SPDX-License-Identifier: BSD-2-Clause
"""Kills at each call that writes: programs and daemons that strace kills at
their n-th one, and what files are then."""

import os
import re
import shutil
import signal
import stat
import subprocess

from journey import PATIENCE, JourneyCase
from mountcase import BAD_WORDS, Mount, end_with_parent, wait_for

# All that changes files; those that a machine does not have are left out.
# Not writev: with that a daemon answers the kernel.
CALLS = ",".join("?" + call for call in (
    "write", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate",
    "fallocate", "copy_file_range", "sync_file_range", "fsync", "fdatasync",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
    "fremovexattr", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown",
    "lchown", "fchown", "fchownat", "utimensat", "rename", "renameat",
    "renameat2", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat",
    "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"))
ACCESS = "system.posix_acl_access"
# What a restore is at work on, in the directory that it is to be put in.
LEFT = re.compile(r"\.bkup-([0-9a-f]{16}|special-[0-9a-f]+-[0-9]+)")


class Point:
    """The n-th call of a kind in one thread, as strace counts them."""

    def __init__(self, call, number):
        self.call, self.number = call, number

    def strace(self):
        return ["strace", "-f", "-qq", "-o", "/dev/null",
                "-e", f"trace={self.call}", "-e",
                f"inject={self.call}:signal=KILL:when={self.number}"]

    def __str__(self):
        return f"{self.call} {self.number}"


class Trace:
    """No point: which kinds of calls there are is written to a file."""

    def __init__(self, path):
        self.path = path

    def strace(self):
        return ["strace", "-f", "-qq", "-o", self.path, "-e",
                f"trace={CALLS}"]

    def calls(self):
        with open(self.path, encoding="utf-8", errors="replace") as lines:
            return [found.group(1) for found in
                    (re.match(r"\d+ +(\w+)\(", line) for line in lines)
                    if found]


def why_untraced():
    """None if strace can do its part."""
    if not shutil.which("strace"):
        return "strace is not installed"
    done = subprocess.run([*Trace("/dev/null").strace(), "true"],
                          capture_output=True, check=False, timeout=PATIENCE)
    return f"strace: {done.stderr.decode()}" if done.returncode else None


def passes_through():
    """Whether libfuse, and so the kernel, can write data without the daemon,
    which can then not be killed at that."""
    said = subprocess.run(["fusermount3", "--version"], check=True,
                          capture_output=True, text=True).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
    return tuple(map(int, version.groups())) >= (3, 17)


def state(path):
    """What there is of a file, by parts; {} if it is not there."""
    try:
        st = os.lstat(path)
    except FileNotFoundError:
        return {}
    parts = {name: os.getxattr(path, name, follow_symlinks=False)
             for name in os.listxattr(path, follow_symlinks=False)}
    parts["type"] = stat.S_IFMT(st.st_mode)
    parts["owner"] = st.st_uid, st.st_gid
    # One call sets both.
    parts["permissions"] = stat.S_IMODE(st.st_mode), parts.pop(ACCESS, None)
    parts["mtime"] = st.st_mtime_ns
    if stat.S_ISLNK(st.st_mode):
        parts["target"] = os.readlink(path)
    elif stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            parts["data"] = file.read()
    return parts


def tree_state(top):
    """{path: state} of a directory and all below, but for what a kill left,
    whose paths come as a second value."""
    found, left = {".": state(top)}, []
    for where, directories, files in os.walk(top):
        for name in (*directories, *files):
            path = os.path.join(where, name)
            if LEFT.fullmatch(name):
                left.append(path)
            else:
                found[os.path.relpath(path, top)] = state(path)
    return found, left


def neither(found, old, new, free=()):
    """The parts that are neither old nor new."""
    return {part: (found.get(part), old.get(part), new.get(part))
            for part in {*found, *old, *new}.difference(free)
            if found.get(part) not in (old.get(part), new.get(part))}


class KillCase(JourneyCase):
    least = 2  # calls at which a scene can be killed

    def setUp(self):
        super().setUp()
        self.mounts = []
        self.addCleanup(self.abandon)
        try:
            os.setxattr(self.tmp, "user.attribute", b"value")
        except OSError as error:
            self.skipTest(f"no attributes in {self.tmp}: {error}")

    def kills(self, attempt):
        """attempt(point) is made at each call that is to be killed; it says
        whether that was there."""
        trace = Trace(self.at("trace"))
        self.assertFalse(attempt(trace))
        calls = trace.calls()
        for call in sorted(set(calls)):
            for number in range(1, calls.count(call) + 1):
                point = Point(call, number)
                with self.subTest(killed_at=str(point)):
                    try:
                        self.assertTrue(attempt(point))
                    finally:
                        self.abandon()
        print(f"{self.id()}: killed at {len(calls)} calls", flush=True)
        self.assertGreaterEqual(len(calls), self.least)

    def killed(self, point, *command):
        """Runs a program; whether it was killed at a point."""
        # Leaks cannot be looked for in what is traced.
        done = subprocess.run(
            [*point.strace(), *command], capture_output=True, check=False,
            timeout=PATIENCE,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        if done.returncode == -signal.SIGKILL:
            return True
        self.assertEqual(done.returncode, 0, done.stderr)
        return False

    def serve(self, source, profile):
        """Mounts, with one thread, whose calls can be counted."""
        os.makedirs(self.at("m"), exist_ok=True)
        mount = Mount(source, self.at("m"),
                      ["-s", "-o", f"store=live,profile={profile}"],
                      self.at("log"))
        self.mounts.append(mount)
        mount.start()
        return mount

    def abandon(self):
        while self.mounts:
            self.mounts.pop().abandon()

    def doom(self, mount, point):
        """The daemon is to be killed at a point, which is counted from now
        on."""
        pid = mount.process.pid
        tracer = subprocess.Popen(
            [*point.strace(), "-p", str(pid)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            preexec_fn=end_with_parent)
        self.addCleanup(self.end_tracer, tracer)

        def attached():
            with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                traced = "TracerPid:\t0\n" not in status.read()
            return traced or tracer.poll() is not None
        wait_for(attached, 10, "strace")
        if tracer.poll() is not None:
            self.skipTest(f"strace: {tracer.stderr.read().decode()}")
        return tracer

    def end_tracer(self, tracer):
        if tracer.poll() is None:
            tracer.terminate()
        tracer.wait(timeout=PATIENCE)
        tracer.stderr.close()

    def killed_during(self, mount, point, step):
        """A client makes a step, while its daemon is killed at a point, or
        afterwards. Returns whether it was, and whether the step was made."""
        tracer = self.doom(mount, point)
        failure, killed = None, False
        try:
            step(mount.point)
        except OSError as error:
            failure = error
        try:
            # What was asked for before is done when this is answered.
            os.statvfs(mount.point)
        except OSError:
            killed = True
        if not killed:
            self.end_tracer(tracer)
            mount.process.kill()
        self.assertEqual(mount.process.wait(timeout=PATIENCE),
                         -signal.SIGKILL)
        self.assertTrue(killed or not failure, failure)
        self.end_tracer(tracer)
        while mount.count():
            subprocess.run(["umount", "-l", mount.point], check=True)
        mount.killer.cancel()
        return killed, not failure

    def check_log(self):
        with open(self.at("log"), "rb") as log:
            self.assertEqual([line for line in log
                              if BAD_WORDS.search(line)], [])
