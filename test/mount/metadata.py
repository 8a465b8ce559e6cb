#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Owners, modes, times, attributes and numbers of objects and streams."""

import ctypes
import ctypes.util
import errno
import os
import stat
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read, wait_for, write
from nt_records import alternate, block, listing, record

OBJECT = record(3, 2, b"security") + record(1, 0, b"main" * 1000) \
    + alternate("a", b"one")
TIME = 1_234_567_890_123_456_789


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Metadata(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", OBJECT)
        os.chmod(self.under("F"), 0o640)
        self.mount()

    def children(self):
        return [self.at("F", child) for child in ("security", "data", ":a")]

    def rewrite(self):
        """What commits do: each way once."""
        write(self.at("F/data"), b"rewritten")
        # As sed and rsync do: the new one gets mode and owner of the old.
        st = os.stat(self.at("F/:a"))
        write(self.at("F/.t"), b"replaced")
        os.chown(self.at("F/.t"), st.st_uid, st.st_gid)
        os.chmod(self.at("F/.t"), stat.S_IMODE(st.st_mode))
        os.rename(self.at("F/.t"), self.at("F/:a"))
        write(self.at("F/ea"), b"new")
        os.unlink(self.at("F/security"))
        with open(self.at("F/data"), "ab") as data:
            data.write(b" and longer")
        self.assertEqual(self.contents("F"), {
            b"data": b"rewritten and longer", b":a": b"replaced",
            b"ea": b"new"})


class Owners(Metadata):
    def test_modes_follow_the_underlying_file(self):
        for under, directory, child in ((0o640, 0o750, 0o640),
                                        (0o444, 0o555, 0o444),
                                        (0o600, 0o700, 0o600),
                                        (0o755, 0o755, 0o644),
                                        (0o222, 0o222, 0o222)):
            os.chmod(self.under("F"), under)
            wait_for(lambda: mode(self.at("F")) == directory, 3, oct(under))
            for path in self.children():
                wait_for(lambda: mode(path) == child, 3, oct(under))

    def test_chmod_applies_to_the_object(self):
        os.chmod(self.at("F/data"), 0o604)
        self.assertEqual(mode(self.at("F")), 0o705)
        self.assertEqual(mode(self.under("F")) & 0o666, 0o604)
        os.chmod(self.at("F"), 0o750)
        for path in self.children():
            self.assertEqual(mode(path), 0o640)
        self.assertEqual(mode(self.at("F")), 0o750)
        self.assertEqual(mode(self.under("F")) & 0o666, 0o640)
        self.remount()
        self.assertEqual(mode(self.at("F")), 0o750)
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_chown_applies_to_the_object(self):
        os.chown(self.at("F/:a"), 1111, 2222)
        os.chown(self.at("F"), -1, 3333)
        for path in [*self.children(), self.at("F"), self.under("F")]:
            st = os.stat(path)
            self.assertEqual((st.st_uid, st.st_gid), (1111, 3333))

    def test_owner_and_mode_survive_a_rewrite(self):
        os.chown(self.under("F"), 1111, 2222)
        os.chmod(self.under("F"), 0o604)
        self.rewrite()
        st = os.stat(self.under("F"))
        self.assertEqual((st.st_uid, st.st_gid), (1111, 2222))
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o604)

    def test_scratch_is_no_program(self):
        scratch = self.at("F/.scratch")
        write(scratch, b"x")
        self.fails(errno.ENODATA, os.getxattr, scratch, "security.capability")
        # cap_net_raw+ep, as setcap writes it
        value = bytes.fromhex("0100000200200000000000000000000000000000")
        self.fails(errno.EOPNOTSUPP, os.setxattr, scratch,
                   "security.capability", value)
        os.setxattr(scratch, "security.other", b"y")
        self.assertEqual(os.getxattr(scratch, "security.other"), b"y")

    def test_xattrs_survive_a_rewrite(self):
        os.setxattr(self.under("F"), "user.note", b"kept")
        os.setxattr(self.under("F"), "trusted.note", b"kept too")
        self.rewrite()
        self.assertEqual(os.getxattr(self.under("F"), "user.note"), b"kept")
        self.assertEqual(os.getxattr(self.under("F"), "trusted.note"),
                         b"kept too")

    def test_acls_survive_a_rewrite(self):
        self.run_tool("setfacl", "-m", "u:1234:rw,g:4321:r", self.under("F"))
        before = self.run_tool("getfacl", "-cp", self.under("F"))
        self.assertIn("user:1234:rw-", before)
        self.rewrite()
        self.assertEqual(self.run_tool("getfacl", "-cp", self.under("F")),
                         before)

    def test_hard_links_survive_a_rewrite(self):
        os.link(self.under("F"), self.under("L"))
        number = os.stat(self.under("F")).st_ino
        self.rewrite()
        for name in ("F", "L"):
            self.assertEqual(os.stat(self.under(name)).st_ino, number)
        self.assertEqual(read(self.under("L")), read(self.under("F")))
        for name in ("F", "L"):
            wait_for(lambda: read(self.at(name, "data"))
                     == b"rewritten and longer", 3, name)
        write(self.at("L/data"), b"by the other name")
        self.assertEqual(self.contents("F")[b"data"], b"by the other name")

    def test_links_are_not_counted_where_numbers_differ(self):
        os.link(self.under("F"), self.under("L"))
        self.assertEqual(os.stat(self.at("L/data")).st_nlink, 1)

    def test_new_objects_belong_to_who_made_them(self):
        os.chmod(self.at("."), 0o777)
        os.umask(0o022)

        def work():
            os.setgid(4321)
            os.setuid(1234)
            os.umask(0o027)
            os.mkdir(self.at("N"))
            write(self.at("N/data"), b"mine")
        pid = os.fork()
        if pid == 0:
            try:
                work()
                os._exit(0)
            except BaseException as error:
                print(error, file=sys.stderr)
                os._exit(1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        for path in (self.at("N"), self.at("N/data"), self.under("N")):
            st = os.stat(path)
            self.assertEqual((st.st_uid, st.st_gid), (1234, 4321))
        self.assertEqual(mode(self.at("N/data")) & 0o007, 0)

    def test_permissions_are_enforced(self):
        os.chmod(self.under("F"), 0o600)
        pid = os.fork()
        if pid == 0:
            os.setgid(4321)
            os.setuid(1234)
            try:
                os.listdir(self.at("F"))
            except PermissionError:
                os._exit(0)
            os._exit(1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)


class WhileCommitting(Metadata):
    """What is set while another stream is committed is not lost."""

    def setUp(self):
        super().setUp()
        self.stop = threading.Event()
        self.faults = []
        self.thread = threading.Thread(target=self.work)
        self.thread.start()
        self.addCleanup(self.end)

    def work(self):
        turn = 0
        try:
            while not self.stop.is_set():
                turn += 1
                write(self.at("F/:a"), b"%d" % turn)
                write(self.at("F/.t"), b"%d" % turn * 1000)
                os.utime(self.at("F/.t"), ns=(TIME, TIME))
                os.rename(self.at("F/.t"), self.at("F/:b"))
        except OSError as error:
            self.faults.append(error)

    def end(self):
        self.stop.set()
        self.thread.join()

    def finish(self):
        self.end()
        self.assertEqual(self.faults, [])

    def test_times(self):
        for number in range(200):
            os.utime(self.at("F/data"), ns=(TIME, TIME + number))
            self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns,
                             TIME + number)
            os.utime(self.at("F/security"), ns=(TIME, TIME + 2 * number))
        self.finish()
        self.remount()
        self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns, TIME + 199)
        self.assertEqual(os.stat(self.at("F/security")).st_mtime_ns,
                         TIME + 398)
        self.assertEqual(os.stat(self.at("F/:b")).st_mtime_ns, TIME)

    def test_the_time_of_the_object(self):
        """Setting it leaves the streams' alone, and the other way round."""
        os.utime(self.at("F/data"), ns=(TIME, TIME))
        for number in range(200):
            os.utime(self.at("F"), ns=(TIME, TIME + number))
            self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns, TIME)
        self.finish()
        os.utime(self.at("F"), ns=(TIME, TIME + 7))
        self.remount()
        self.assertEqual(os.stat(self.at("F")).st_mtime_ns, TIME + 7)
        self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns, TIME)
        self.assertEqual(os.stat(self.at("F/:b")).st_mtime_ns, TIME)

    def test_the_time_of_a_new_object(self):
        """As two processes of rsync do: one fills it, one sets its time."""
        self.finish()
        for turn in range(20):
            path = self.at(f"N{turn}")
            os.mkdir(path)

            def fill():
                for number in range(5):
                    write(f"{path}/.x", b"x" * number)
                    os.utime(f"{path}/.x", ns=(TIME, TIME))
                    os.rename(f"{path}/.x", f"{path}/:{number}")
            thread = threading.Thread(target=fill)
            thread.start()
            while thread.is_alive():
                os.utime(path, ns=(TIME, TIME))
            os.utime(path, ns=(TIME, TIME))
            for again in range(2):
                found = {name: os.stat(f"{path}/{name}").st_mtime_ns
                         for name in (".", *os.listdir(path))}
                self.assertEqual(set(found.values()), {TIME}, (turn, found))
                if turn == 19 and not again:
                    self.remount()

    def test_owners(self):
        for number in range(200):
            os.chown(self.at("F/data"), 1000 + number, -1)
            os.chown(self.at("F"), -1, 3000 + number)
            st = os.stat(self.under("F"))
            self.assertEqual(st.st_gid, 3000 + number)
        self.finish()

    def test_modes(self):
        for number in range(200):
            want = (0o600, 0o640)[number % 2]
            os.chmod(self.at("F/data"), want)
            self.assertEqual(mode(self.under("F")) & 0o666, want, number)
        self.finish()

    def test_xattrs(self):
        for number in range(200):
            os.setxattr(self.at("F"), "user.note", b"%d" % number)
            self.assertEqual(os.getxattr(self.under("F"), "user.note"),
                             b"%d" % number)
            os.setxattr(self.at("F/data"), "user.bkupfs.attributes",
                        b"%d" % number)
            self.assertEqual(int(os.getxattr(
                self.at("F/data"), "user.bkupfs.attributes"), 0), number)
        self.finish()


class Times(Metadata):
    def times(self):
        return {path: os.stat(path).st_mtime_ns
                for path in [*self.children(), self.at("F")]}

    def test_by_default_those_of_the_underlying_file(self):
        want = os.stat(self.under("F")).st_mtime_ns
        self.assertEqual(set(self.times().values()), {want})

    def test_each_can_be_set_and_is_kept(self):
        want = {}
        for number, path in enumerate([*self.children(), self.at("F")]):
            want[path] = TIME + number * 1_000_000_007
            os.utime(path, ns=(TIME, want[path]))
        self.assertEqual(self.times(), want)
        self.assertEqual(read(self.under("F")), OBJECT)
        self.remount()
        self.assertEqual(self.times(), want)

    def test_set_before_close(self):
        """As cp -p and tar do: the commit must not undo it."""
        fd = os.open(self.at("F/data"), os.O_WRONLY | os.O_TRUNC)
        os.write(fd, b"new")
        os.utime(fd, ns=(TIME, TIME))
        os.close(fd)
        self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns, TIME)
        self.remount()
        self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns, TIME)
        self.assertEqual(self.contents("F")[b"data"], b"new")

    def test_set_after_close(self):
        write(self.at("F/data"), b"new")
        os.utime(self.at("F/data"), ns=(TIME, TIME))
        os.utime(self.at("F"), ns=(TIME, TIME + 1))
        self.remount()
        self.assertEqual(os.stat(self.at("F/data")).st_mtime_ns, TIME)
        self.assertEqual(os.stat(self.at("F")).st_mtime_ns, TIME + 1)

    def test_a_commit_keeps_the_times_of_the_others(self):
        want = {}
        for number, path in enumerate(self.children()):
            want[path] = TIME + number
            os.utime(path, ns=(TIME, TIME + number))
        write(self.at("F/data"), b"new")
        del want[self.at("F/data")]
        got = self.times()
        for path, when in want.items():
            self.assertEqual(got[path], when)
        self.remount()
        got = self.times()
        for path, when in want.items():
            self.assertEqual(got[path], when)

    def test_a_commit_keeps_unset_times_of_the_others(self):
        """What nobody touched looks untouched."""
        want = self.times()
        write(self.at("F/:a"), b"new")
        for path in (self.at("F/data"), self.at("F/security")):
            self.assertEqual(os.stat(path).st_mtime_ns, want[path])
        self.remount()
        for path in (self.at("F/data"), self.at("F/security")):
            self.assertEqual(os.stat(path).st_mtime_ns, want[path])

    def test_writing_sets_the_time(self):
        before = time.time() - 5
        write(self.at("F/data"), b"new")
        self.assertGreater(os.stat(self.at("F/data")).st_mtime, before)
        self.assertGreater(os.stat(self.under("F")).st_mtime, before)
        self.remount()
        self.assertGreater(os.stat(self.at("F/data")).st_mtime, before)

    def test_the_object_has_the_new_time_at_once(self):
        """What the kernel keeps of the object ends with the commit."""
        for stream, make_it_last in (("data", os.close), (":a", os.fsync)):
            os.utime(self.at("F"), ns=(TIME, TIME))
            fd = os.open(self.at("F", stream), os.O_RDWR)
            os.pwrite(fd, b"new", 1)
            self.assertEqual(os.stat(self.at("F")).st_mtime_ns, TIME)
            make_it_last(fd)
            self.assertNotEqual(os.stat(self.under("F")).st_mtime_ns, TIME)
            self.assertEqual(os.stat(self.at("F")).st_mtime_ns,
                             os.stat(self.under("F")).st_mtime_ns)
            if make_it_last is not os.close:
                os.close(fd)

    def test_adding_and_removing_sets_that_of_the_directory(self):
        for change in (lambda: write(self.at("F/ea"), b"ea"),
                       lambda: os.unlink(self.at("F/ea"))):
            os.utime(self.at("F"), ns=(TIME, TIME))
            change()
            self.assertGreater(os.stat(self.at("F")).st_mtime, 1.6e9)

    def test_touch(self):
        """touch sets times, and rewrites nothing."""
        before = fingerprint(self.under("F"))
        self.run_tool("touch", "-d", "2001-02-03 04:05:06.789 UTC",
                      self.at("F/data"))
        st = os.stat(self.at("F/data"))
        self.assertEqual(st.st_mtime_ns, 981173106789000000)
        after = fingerprint(self.under("F"))
        self.assertEqual((after[0], after[-1]), (before[0], before[-1]))
        self.remount()
        st = os.stat(self.at("F/data"))
        self.assertEqual(st.st_mtime_ns, 981173106789000000)

    def test_reading_keeps_times(self):
        want = self.times()
        for path in self.children():
            read(path)
        os.listdir(self.at("F"))
        self.remount()
        self.assertEqual(self.times(), want)

    def test_times_of_plain_directories(self):
        os.mkdir(self.at("plain"))
        os.utime(self.at("plain"), ns=(TIME, TIME))
        self.assertEqual(os.stat(self.under("plain")).st_mtime_ns, TIME)
        self.remount()
        self.assertEqual(os.stat(self.at("plain")).st_mtime_ns, TIME)

    def test_times_survive_a_rename(self):
        for number, path in enumerate([*self.children(), self.at("F")]):
            os.utime(path, ns=(TIME, TIME + number))
        want = list(self.times().values())
        os.rename(self.at("F"), self.at("G"))
        os.rename(self.at("G"), self.at("F"))
        self.assertEqual(list(self.times().values()), want)
        os.rename(self.at("F/:a"), self.at("F/:b"))
        self.assertEqual(os.stat(self.at("F/:b")).st_mtime_ns, want[2])
        self.remount()
        self.assertEqual(os.stat(self.at("F/:b")).st_mtime_ns, want[2])


class Numbers(Metadata):
    def numbers(self):
        """{path: inode number} of everything in the mount."""
        found = {self.point: os.stat(self.point).st_ino}
        for where, directories, files in os.walk(self.point):
            for name in directories + files:
                path = os.path.join(where, name)
                found[path] = os.stat(path).st_ino
        return found

    def test_stable_over_a_remount(self):
        os.mkdir(self.at("plain"))
        self.put("plain/G", OBJECT)
        before = self.numbers()
        self.assertEqual(len(set(before.values())), len(before))
        self.remount()
        self.assertEqual(self.numbers(), before)

    def test_that_of_a_file_that_was_replaced_is_no_other(self):
        """The filesystem below gives a number that became free to others."""
        for name in map(str, range(20)):
            write(self.at("F/data"), name.encode())
            os.mkdir(self.at(name))
            numbers = list(self.numbers().values())
            self.assertEqual(len(set(numbers)), len(numbers), name)

    def test_stable_over_a_commit(self):
        before = self.numbers()
        write(self.at("F/data"), b"new")
        self.assertEqual(self.numbers(), before)

    def test_no_two_streams_share_one(self):
        """A renamed stream keeps its number; its old name gets another."""
        os.link(self.under("F"), self.under("other"))
        number = os.stat(self.at("F/:a")).st_ino
        os.rename(self.at("F/:a"), self.at("F/:moved"))
        self.assertEqual(os.stat(self.at("F/:moved")).st_ino, number)
        write(self.at("F/:a"), b"new")
        new = os.stat(self.at("F/:a")).st_ino
        self.assertNotEqual(new, number)
        os.rename(self.at("F/:a"), self.at("F/:again"))
        write(self.at("F/:a"), b"newer")
        self.assertEqual(len({number, new,
                              os.stat(self.at("F/:a")).st_ino}), 3)
        self.remount()
        numbers = [os.stat(self.at("F/" + name)).st_ino
                   for name in os.listdir(self.at("F"))]
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_listing_agrees_with_stat(self):
        for path in (self.point, self.at("F")):
            with os.scandir(path) as entries:
                for entry in entries:
                    self.assertEqual(entry.inode(),
                                     os.stat(entry.path).st_ino, entry.name)

    def test_statfs(self):
        ours, theirs = os.statvfs(self.point), os.statvfs(self.source)
        for field in ("f_bsize", "f_frsize", "f_blocks", "f_files"):
            self.assertEqual(getattr(ours, field), getattr(theirs, field))
        for field in ("f_bfree", "f_bavail", "f_ffree"):
            self.assertAlmostEqual(getattr(ours, field),
                                   getattr(theirs, field),
                                   delta=theirs.f_blocks / 20)
        self.assertGreaterEqual(ours.f_namemax, 255)

    def test_disk_use(self):
        self.put("S", record(1, 8) + block(1 << 20, b"x" * (1 << 20))
                 + block(1 << 30))
        self.assertEqual(self.run_tool(
            "du", "-B1", "--apparent-size", self.at("S/data")).split()[0],
            str(1 << 30))
        use = int(self.run_tool("du", "-B1", self.at("S/data")).split()[0])
        self.assertTrue(1 << 20 <= use <= (1 << 20) + 8192, use)
        use = int(self.run_tool("du", "-B1", self.at("F")).split()[0])
        self.assertGreaterEqual(use, 4000)
        found = self.run_tool("find", self.at("F"), "-type", "f",
                              "-size", "4000c")
        self.assertEqual(found.strip(), self.at("F/data"))


class Attributes(Metadata):
    """user.bkupfs.*"""

    def value(self, path, name):
        return os.getxattr(path, f"user.bkupfs.{name}").decode().rstrip("\0")

    def test_what_they_say(self):
        for child, stream in listing(OBJECT).items():
            path = self.at("F", child.decode())
            head = stream.head
            self.assertEqual(int(self.value(path, "id"), 0), head.id)
            self.assertEqual(int(self.value(path, "attributes"), 0),
                             head.attributes)
            self.assertIn(int(self.value(path, "offset"), 0),
                          (head.offset, head.payload))

    def test_hash(self):
        name = ctypes.util.find_library("xxhash")
        if not name:
            self.skipTest("libxxhash is not installed")
        library = ctypes.CDLL(name)

        class Hash128(ctypes.Structure):
            _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]
        library.XXH3_128bits.restype = Hash128
        library.XXH3_64bits.restype = ctypes.c_uint64
        self.put("S", record(1, 8) + block(65536, b"x" * 70000)
                 + block(1 << 20))
        for path in [*self.children(), self.at("S/data")]:
            content = read(path)
            arguments = ctypes.c_char_p(content), ctypes.c_size_t(len(content))
            wide = library.XXH3_128bits(*arguments)
            self.assertIn(self.value(path, "xxh3").lower(), (
                "%016x" % library.XXH3_64bits(*arguments),
                "%016x%016x" % (wide.high, wide.low)))

    def test_listed_only_where_they_are_not_the_default(self):
        self.put("D", record(3, 0, b"s") + record(1, 8) + block(5)
                 + alternate("a", b"", 1) + record(2, 0, b"ea"))
        for path in self.children():
            self.assertEqual(os.listxattr(path), [])
        listed = {child: os.listxattr(self.at("D", child))
                  for child in ("security", "data", ":a", "ea")}
        self.assertEqual(listed, {
            "security": ["user.bkupfs.attributes"], "data": [],
            ":a": ["user.bkupfs.attributes"], "ea": []})

    def test_attributes_can_be_set(self):
        path = self.at("F/:a")
        form = "0x%x" if self.value(path, "attributes")[:2] == "0x" else "%d"
        for bits in (0x80000001, 2, 0):
            os.setxattr(path, "user.bkupfs.attributes", (form % bits).encode())
            self.assertEqual(int(self.value(path, "attributes"), 0), bits)
            self.assertEqual(self.streams("F")[b":a"].head.attributes, bits)
        self.assertEqual(read(self.under("F")), OBJECT)
        self.fails(errno.EINVAL, os.setxattr, path, "user.bkupfs.attributes",
                   b"many")
        os.setxattr(path, "user.bkupfs.attributes", (form % 4).encode())
        self.remount()
        self.assertEqual(int(self.value(path, "attributes"), 0), 4)
        write(path, b"rewritten")
        self.assertEqual(self.streams("F")[b":a"].head.attributes, 4)

    def test_the_others_cannot(self):
        for name in ("id", "offset", "xxh3"):
            with self.assertRaises(OSError):
                os.setxattr(self.at("F/data"), f"user.bkupfs.{name}", b"1")
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_what_is_not_there(self):
        self.fails(errno.ENODATA, os.getxattr, self.at("F/data"), "user.x")
        self.fails(errno.ENODATA, os.getxattr, self.at("F/data"),
                   "user.bkupfs.nothing")

    def test_those_of_objects_and_directories_pass_through(self):
        os.mkdir(self.at("plain"))
        for name in ("F", "plain"):
            os.setxattr(self.at(name), "user.note", b"value")
            self.assertEqual(os.getxattr(self.under(name), "user.note"),
                             b"value")
            self.assertIn("user.note", os.listxattr(self.at(name)))
            os.removexattr(self.at(name), "user.note")
            self.assertEqual(os.listxattr(self.at(name)), [])


if __name__ == "__main__":
    main()
