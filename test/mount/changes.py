#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Changes of underlying files behind the mount's back."""

import errno
import os
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, main, read, wait_for, write, write_all
from nt_records import alternate, record


def version(number, size=300000):
    """A backup file whose every stream says which version it is."""
    byte = bytes([number % 256])
    return record(3, 2, byte * 100) + record(1, 0, byte * (size + number)) \
        + alternate("a", byte * 10)


class Changes(MountCase):
    def replace(self, name, data):
        """As most programs do: a new file over the old one."""
        write(self.under(".bkupfs-test-new"), data)
        os.rename(self.under(".bkupfs-test-new"), self.under(name))

    def setUp(self):
        super().setUp()
        self.put("F", version(1))

    def one_version(self):
        content = read(self.at("F/data"))
        number = len(content) - 300000
        self.assertTrue(content == bytes([number % 256]) * len(content),
                        "mixed content")
        return number


class Seen(Changes):
    def test_replaced_file_within_the_timeout(self):
        for option, patience in ((None, 1.5), ("timeout=0", 0.2),
                                 ("timeout=3", 3.5)):
            with self.subTest(option=option):
                self.replace("F", version(1))
                mount = self.mount(*(["-o", option] if option else []))
                self.assertEqual(self.one_version(), 1)
                os.listdir(self.at("F"))
                self.replace("F", version(2) + record(2, 0, b"ea"))
                time.sleep(patience)
                self.assertEqual(self.one_version(), 2)
                self.assertEqual(read(self.at("F/:a")), b"\2" * 10)
                self.assertEqual(read(self.at("F/ea")), b"ea")
                self.assertIn("ea", os.listdir(self.at("F")))
                mount.stop()

    def test_overwritten_file_within_the_timeout(self):
        self.mount()
        self.assertEqual(self.one_version(), 1)
        with open(self.under("F"), "r+b") as file:
            file.write(version(7))
            file.truncate()
        time.sleep(1.5)
        self.assertEqual(self.one_version(), 7)
        self.assertEqual(read(self.at("F/security")), b"\7" * 100)

    def test_entries_that_come_and_go(self):
        self.mount()
        self.assertEqual(os.listdir(self.point), ["F"])
        self.put("G", version(3))
        os.mkdir(self.under("plain"))
        wait_for(lambda: sorted(os.listdir(self.point))
                 == ["F", "G", "plain"], 1.5, "new names")
        os.unlink(self.under("F"))
        wait_for(lambda: not os.path.exists(self.at("F/data")), 1.5, "removal")

    def test_object_that_becomes_a_directory(self):
        self.mount()
        self.assertEqual(self.one_version(), 1)
        os.unlink(self.under("F"))
        os.mkdir(self.under("F"))
        self.put("F/inner", version(2))
        time.sleep(1.5)
        self.assertEqual(read(self.at("F/inner/data")), b"\2" * 300002)
        self.assertEqual(os.listdir(self.at("F")), ["inner"])


class NeverMixed(Changes):
    def test_reading_while_versions_change(self):
        self.mount("-o", "timeout=0")
        self.read_while_versions_change()

    def test_reading_while_versions_change_with_a_timeout(self):
        self.mount()
        self.read_while_versions_change()

    def read_while_versions_change(self):
        end = time.monotonic() + 4
        faults = []

        def look():
            while time.monotonic() < end and not faults:
                try:
                    self.one_version()
                except (AssertionError, OSError) as error:
                    faults.append(error)

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        number = 1
        while time.monotonic() < end:
            number = number % 200 + 1
            self.replace("F", version(number))
            time.sleep(0.003)
        for thread in threads:
            thread.join()
        # A name may stop being what was looked up: that is an honest answer.
        self.assertEqual([fault for fault in faults
                          if not (isinstance(fault, OSError) and
                                  fault.errno == errno.ESTALE)], [])

    def test_handle_keeps_its_version(self):
        self.mount()
        fd = os.open(self.at("F/data"), os.O_RDONLY)
        self.addCleanup(os.close, fd)
        got = os.read(fd, 1000)
        self.replace("F", version(2))
        time.sleep(1.2)
        self.assertEqual(self.one_version(), 2)
        while True:
            more = os.read(fd, 65536)
            got += more
            if not more:
                break
        self.assertTrue(got == b"\1" * 300001)

    def test_handle_on_a_truncated_file(self):
        """Overwritten in place there is no old version: an error, or the old
        bytes from the cache, but never others."""
        self.mount()
        fd = os.open(self.at("F/data"), os.O_RDONLY)
        self.addCleanup(os.close, fd)
        os.read(fd, 1000)
        with open(self.under("F"), "r+b") as file:
            file.truncate(200)
        time.sleep(1.2)
        got = b""
        try:
            while True:
                more = os.read(fd, 65536)
                got += more
                if not more:
                    break
            self.assertEqual(len(got), 299001)
        except OSError as error:
            self.assertIn(error.errno, (errno.EIO, errno.ESTALE, errno.EBADMSG))
        self.assertEqual(got, b"\1" * len(got))


class Commits(Changes):
    """Somebody changed the file between our read and our commit."""

    def begin(self, child, content):
        self.mount()
        fd = os.open(self.at("F", child), os.O_WRONLY | os.O_TRUNC)
        write_all(fd, content)
        return fd

    def test_different_streams_merge(self):
        fd = self.begin("data", b"ours")
        self.replace("F", version(1)[:-10] + b"t" * 10 + record(2, 0, b"ea"))
        os.close(fd)
        self.assertEqual(self.contents("F"), {
            b"security": b"\1" * 100, b"data": b"ours", b":a": b"t" * 10,
            b"ea": b"ea"})

    def test_the_same_stream_is_stale(self):
        fd = self.begin("data", b"ours")
        theirs = version(2)
        self.replace("F", theirs)
        self.fails(errno.ESTALE, os.close, fd)
        self.assertTrue(read(self.under("F")) == theirs)
        self.remount()
        kept = [name for name in os.listdir(self.at("F"))
                if name not in ("data", "security", ":a")]
        self.assertEqual([read(self.at("F", name)) for name in kept],
                         [b"ours"])
        self.assertTrue(kept[0].startswith(".") or kept[0].endswith("~"))

    def test_what_became_malformed_is_not_written_to(self):
        fd = self.begin("data", b"ours")
        self.replace("F", b"not a backup file any more")
        self.fails((errno.EBADMSG, errno.ESTALE), os.close, fd)
        self.assertEqual(read(self.under("F")), b"not a backup file any more")


class Killed(Changes):
    def test_sigterm_keeps_staged_bytes_as_scratch(self):
        mount = self.mount()
        fd = os.open(self.at("F/data"), os.O_WRONLY | os.O_TRUNC)
        write_all(fd, b"staged" * 1000)
        mount.process.send_signal(signal.SIGTERM)
        self.assertEqual(mount.end(), 0)
        try:
            os.close(fd)
        except OSError:
            pass
        self.assertTrue(read(self.under("F")) == version(1))
        self.mount()
        kept = [name for name in os.listdir(self.at("F"))
                if name not in ("data", "security", ":a")]
        self.assertEqual([read(self.at("F", name)) for name in kept],
                         [b"staged" * 1000])

    def test_killed_daemon_leaves_old_or_new(self):
        for delay in (0, 0.001, 0.003, 0.01, 0.03):
            with self.subTest(delay=delay):
                self.replace("F", version(1))
                mount = self.mount()
                before, after = read(self.under("F")), b"n" * 2000000

                def work():
                    try:
                        write(self.at("F/data"), after)
                    except OSError:
                        pass
                thread = threading.Thread(target=work)
                thread.start()
                time.sleep(delay)
                mount.process.kill()
                mount.process.wait()
                thread.join()
                mount.abandon()
                self.mount().stop()
                now = self.contents("F")[b"data"]
                self.assertTrue(read(self.under("F")) == before
                                or now == after, "neither old nor new")
                self.assertEqual(
                    [name for name in os.listdir(self.source)
                     if name not in ("F", ".bkupfs")], [])


if __name__ == "__main__":
    main()
