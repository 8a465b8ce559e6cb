#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGSTOP: of the daemon while it is used, of a client who holds a file open
for writing, and of a daemon that is then killed in the middle of a commit."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from clients import check_files, start_clients, stop_clients
from mountcase import PATIENCE, Mount, MountCase, bkupfs, main, read, \
    wait_for, write
from nt_records import alternate, record

MIB = 1 << 20
STOPS = 4
KILLS = 5
HOLDER = """
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
os.write(fd, b"held")
print("holds", flush=True)
sys.stdin.readline()
try:
    os.close(fd)
except OSError as error:
    print(error.errno, flush=True)
else:
    print(0, flush=True)
"""


def stop(pid):
    """Returns once each of its threads stands still."""
    os.kill(pid, signal.SIGSTOP)
    tasks = f"/proc/{pid}/task"
    wait_for(lambda: all(state(f"{tasks}/{task}") == "T"
                         for task in os.listdir(tasks)), 10, "stop")


def state(task):
    with open(f"{task}/stat", encoding="ascii", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[0]


class StoppedDaemon(MountCase):
    def rsync_all(self, faults, done):
        """Into the mount and out of it, until told to end."""
        plain = self.directory("plain")
        os.mkdir(os.path.join(plain, "R"))
        for turn in range(1, 1000):
            write(os.path.join(plain, "R", "data"), b"r" * turn * 1000)
            for ends in ((plain, self.point), (self.at("R"), self.tmp)):
                rsync = subprocess.run(
                    ["rsync", "-a", ends[0] + "/", ends[1]], check=False,
                    capture_output=True, timeout=PATIENCE)
                if rsync.returncode:
                    faults.append(rsync.stderr)
            if read(os.path.join(self.tmp, "data")) != b"r" * turn * 1000:
                faults.append(f"turn {turn} was lost")
            if done.is_set() or faults:
                return

    def test_everything_goes_on(self):
        clients = start_clients(self, 5)
        mount = self.mount()
        faults, done = [], threading.Event()
        rsync = threading.Thread(target=self.rsync_all, args=(faults, done))
        for thread in (*clients, rsync):
            thread.start()
        for _ in range(STOPS):
            stop(mount.process.pid)
            time.sleep(0.3)
            rounds = sum(client.rounds for client in clients)
            os.kill(mount.process.pid, signal.SIGCONT)
            wait_for(lambda: sum(c.rounds for c in clients) > rounds + 5
                     or any(c.fault for c in clients), 30, "going on")
        done.set()
        stop_clients(self, clients)
        rsync.join(PATIENCE)
        self.assertEqual(faults, [])
        self.assertEqual([c.name for c in clients if c.closed != c.tried], [])
        mount.stop()
        check_files(self, clients)
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class StoppedClient(MountCase):
    """He holds a stream with bytes that he has not closed."""

    def setUp(self):
        super().setUp()
        self.put("F", record(1, 0, b"main content") + alternate("a", b"one"))
        self.put("G", record(1, 0, b"other"))
        self.mount()
        self.client = subprocess.Popen(
            [sys.executable, "-c", HOLDER, self.at("F/data")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end_client)
        self.assertEqual(self.client.stdout.readline(), b"holds\n")
        stop(self.client.pid)

    def end_client(self):
        if self.client.poll() is None:
            self.client.kill()
        self.client.communicate()

    def resume(self):
        """What his close says: 0, or an errno."""
        os.kill(self.client.pid, signal.SIGCONT)
        return int(self.client.communicate(b"\n", timeout=20)[0])

    def in_time(self, *command):
        """Others' commands are done before he goes on."""
        return subprocess.run(command, check=True, timeout=20,
                              capture_output=True).stdout

    def test_others_read_and_write(self):
        self.assertEqual(self.in_time("cat", self.at("F/data")),
                         b"held content")
        self.in_time("sh", "-c", f"echo new >'{self.at('F/:a')}'")
        self.in_time("sh", "-c", f"echo new >'{self.at('G/data')}'")
        self.in_time("ls", "-lR", self.point)
        self.assertEqual(self.contents("F")[b":a"], b"new\n")
        self.assertEqual(self.contents("G")[b"data"], b"new\n")
        self.assertEqual(self.resume(), 0)
        self.assertEqual(self.contents("F")[b"data"], b"held content")

    def test_others_write_the_same_stream(self):
        self.in_time("dd", f"of={self.at('F/data')}", "conv=notrunc",
                     "seek=5", "bs=1", f"if={self.at('G/data')}")
        self.assertEqual(self.contents("F")[b"data"], b"held othernt")
        self.assertEqual(self.resume(), 0)

    def test_others_replace_the_stream(self):
        shutil.copy(self.at("G/data"), self.at("F/.data.new"))
        self.in_time("mv", self.at("F/.data.new"), self.at("F/data"))
        self.assertEqual(self.contents("F")[b"data"], b"other")
        self.assertIn(self.resume(), (0, errno.ESTALE))
        self.assertEqual(read(self.at("F/data")), b"other")

    def test_others_remove_and_rename_the_object(self):
        self.in_time("mv", self.at("F"), self.at("H"))
        self.in_time("rm", "-r", self.at("G"))
        self.assertEqual(os.listdir(self.point), ["H"])
        self.assertEqual(self.resume(), 0)
        self.assertEqual(self.contents("H")[b"data"], b"held content")


class KilledWhileStopped(MountCase):
    """A commit is cut off by SIGSTOP, and never goes on."""

    def begin(self, text):
        """Begins to commit; the event says that this has ended."""
        fd = os.open(self.at("F/security"), os.O_WRONLY | os.O_TRUNC)
        os.write(fd, text)
        ended = threading.Event()

        def close():
            try:
                os.close(fd)
            except OSError:
                pass
            ended.set()
        threading.Thread(target=close, daemon=True).start()
        return ended

    def kill(self, mount):
        mount.process.kill()
        mount.process.wait()
        mount.killer.cancel()
        self.run_tool("umount", "-l", self.point)
        self.mounts.remove(mount)

    def cut_off(self, text, delay):
        """Whether a commit that was begun so long ago did not end."""
        mount = self.mount()
        ended = self.begin(text)
        time.sleep(delay)
        stop(mount.process.pid)
        caught = not ended.is_set()
        self.kill(mount)
        self.assertTrue(ended.wait(20), "close hangs")
        return caught

    def test_old_or_new_after_recovery(self):
        data = os.urandom(8 * MIB)
        self.put("F", record(3, 2, b"") + record(1, 0, data))
        os.link(self.under("F"), self.under("F2"))
        old, delay, caught = b"", 0.0, 0
        for number in range(60):
            # What stands behind it must move.
            new = b"version %d;" % number * (number + 1)
            now = self.cut_off(new, delay)
            caught += now
            delay = delay + 0.01 if now else 0.0
            self.mount().stop()
            found = self.contents("F")
            self.assertTrue(found[b"data"] == data, "lost data")
            self.assertIn(found[b"security"], (old, new))
            old = found[b"security"]
            if caught >= KILLS:
                break
        self.assertGreaterEqual(caught, KILLS)
        self.assertEqual(os.stat(self.under("F")).st_nlink, 2)
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class KilledAtItsStart(MountCase):
    """A daemon asks its own mount whether that answers: whenever it is
    killed, it must be gone then, and not wait for its own answer."""

    def setUp(self):
        super().setUp()
        for program in ("strace", "setpriv"):
            if not shutil.which(program):
                self.skipTest(f"no {program}")

    def start_slowly(self):
        """strace lets each answer to the kernel take a while."""
        mount = Mount(self.source, self.point, [], os.path.join(
            self.tmp, "log.slow"), [
                "strace", "-f", "-o", "/dev/null", "-e", "trace=writev",
                "-e", "inject=writev:delay_enter=400000", "setpriv",
                "--pdeathsig", "TERM"])
        self.addCleanup(mount.abandon)
        with open(mount.log, "ab") as log:
            mount.process = subprocess.Popen(
                [*mount.wrapper, bkupfs(), "-f", self.source, self.point],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        mount.killer = threading.Timer(PATIENCE, mount.process.kill)
        wait_for(mount.count, 20, "mount")
        return mount

    def daemon_of(self, strace):
        with open(f"/proc/{strace}/task/{strace}/children",
                  encoding="ascii") as children:
            return int(children.read().split()[0])

    def test_it_is_gone(self):
        for tenths in range(1, 12, 2):
            mount = self.start_slowly()
            time.sleep(tenths / 10)
            os.kill(self.daemon_of(mount.process.pid), signal.SIGKILL)
            mount.process.wait(timeout=10)
            self.run_tool("umount", "-l", self.point)
        # The lock is free again.
        self.mount().stop()


if __name__ == "__main__":
    main()
