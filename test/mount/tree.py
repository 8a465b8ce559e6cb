#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Names: what may be made, renamed and removed, and what becomes of it."""

import ctypes
import errno
import os
import stat
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read, write
from nt_ids import ALTERNATE_DATA
from nt_records import alternate, parse, record

NOREPLACE, EXCHANGE = 1, 2
LIBC = ctypes.CDLL(None, use_errno=True)
OBJECT = record(3, 2, b"security") + record(1, 0, b"main") \
    + alternate("a", b"one") + alternate("b", b"two")


def renameat2(old, new, flags):
    if LIBC.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags):
        raise OSError(ctypes.get_errno(), "renameat2", old, None, new)


class Tree(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", OBJECT)
        self.put("G", record(1, 0, b"of G"))
        self.put("empty", b"")
        for name in ("plain", "plain/sub", "bare"):
            os.mkdir(self.under(name))
        self.put("plain/sub/H", record(1, 0, b"of H"))
        self.mount()


class Directories(Tree):
    def test_directories_are_shown_and_nested(self):
        self.assertEqual(sorted(os.listdir(self.point)),
                         ["F", "G", "bare", "empty", "plain"])
        self.assertEqual(os.listdir(self.at("plain/sub")), ["H"])
        self.assertEqual(read(self.at("plain/sub/H/data")), b"of H")
        os.makedirs(self.at("x/y/z"))
        write(self.at("x/y/z/data"), b"deep")
        self.assertTrue(os.path.isfile(self.under("x/y/z")))
        self.assertTrue(os.path.isdir(self.under("x/y")))
        self.assertEqual(self.contents("x/y/z"), {b"data": b"deep"})

    def test_mkdir_decides_by_what_comes_first(self):
        os.mkdir(self.at("new"))
        self.assertTrue(os.path.isdir(self.under("new")))
        os.mkdir(self.at("new/sub"))
        self.fails(errno.EINVAL, write, self.at("new/data"), b"")
        os.rmdir(self.at("new/sub"))
        write(self.at("new/data"), b"object")
        self.assertTrue(os.path.isfile(self.under("new")))
        self.assertEqual(self.contents("new"), {b"data": b"object"})
        self.fails((errno.EINVAL, errno.ENOTDIR), os.mkdir,
                   self.at("new/sub"))

    def test_mkdir_of_what_is_there(self):
        for name in ("F", "plain", "F/data"):
            self.fails(errno.EEXIST, os.mkdir, self.at(name))

    def test_rmdir(self):
        for name in ("F", "plain"):
            self.fails(errno.ENOTEMPTY, os.rmdir, self.at(name))
        self.fails(errno.ENOTDIR, os.rmdir, self.at("F/data"))
        self.fails(errno.ENOENT, os.rmdir, self.at("nothing"))
        os.rmdir(self.at("bare"))
        os.rmdir(self.at("empty"))
        self.assertEqual(sorted(os.listdir(self.source)), ["F", "G", "plain"])

    def test_unlinking_a_directory_or_object_fails(self):
        for name in ("F", "empty", "plain"):
            self.fails(errno.EISDIR, os.unlink, self.at(name))
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_removing_the_last_stream_leaves_an_empty_file(self):
        os.unlink(self.at("G/data"))
        self.assertTrue(os.path.isfile(self.under("G")))
        self.assertEqual(read(self.under("G")), b"")
        self.assertEqual(os.listdir(self.at("G")), [])
        write(self.at("G/ea"), b"again")
        self.assertEqual(self.contents("G"), {b"ea": b"again"})
        os.unlink(self.at("G/ea"))
        os.rmdir(self.at("G"))
        self.assertFalse(os.path.lexists(self.under("G")))

    def test_a_stream_in_an_empty_object(self):
        write(self.at("empty/data"), b"first")
        self.assertEqual(self.contents("empty"), {b"data": b"first"})

    def test_symlinks_and_special_files_pass_through(self):
        os.symlink("F/data", self.under("link"))
        os.mkfifo(self.under("fifo"))
        os.symlink("G", self.at("made"))
        self.assertEqual(os.readlink(self.at("link")), "F/data")
        self.assertEqual(read(self.at("link")), b"main")
        self.assertEqual(os.readlink(self.under("made")), "G")
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.at("fifo")).st_mode))
        os.rename(self.at("made"), self.at("plain/moved"))
        self.assertEqual(os.readlink(self.under("plain/moved")), "G")
        os.unlink(self.at("plain/moved"))
        os.unlink(self.at("fifo"))
        self.assertFalse(os.path.lexists(self.under("fifo")))

    def test_directory_handles_outlive_a_commit(self):
        """A working directory stays good when its object is rewritten."""
        directory = os.open(self.at("F"), os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, directory)
        write(self.at("F/data"), b"x" * 100000)
        fd = os.open(":new", os.O_WRONLY | os.O_CREAT, 0o644,
                     dir_fd=directory)
        os.write(fd, b"by handle")
        os.close(fd)
        self.assertEqual(self.contents("F")[b":new"], b"by handle")
        self.assertEqual(sorted(os.listdir(directory)),
                         sorted(os.listdir(self.at("F"))))

    def test_a_listing_goes_on_while_streams_go(self):
        for number in range(300):
            write(self.at("G", f":{number:03}"), b"x")
        with os.scandir(self.at("G")) as entries:
            for entry in entries:
                os.unlink(entry.path)
        self.assertEqual(os.listdir(self.at("G")), [])
        self.assertEqual(read(self.under("G")), b"")


class Renames(Tree):
    def test_objects(self):
        before = fingerprint(self.under("F"))[-1]
        os.rename(self.at("F"), self.at("F2"))
        os.rename(self.at("F2"), self.at("plain/F3"))
        self.assertEqual(fingerprint(self.under("plain/F3"))[-1], before)
        self.assertEqual(read(self.at("plain/F3/:a")), b"one")
        self.assertFalse(os.path.exists(self.at("F")))
        write(self.at("plain/F3/data"), b"written after")
        self.assertEqual(self.contents("plain/F3")[b"data"], b"written after")

    def test_directories(self):
        os.rename(self.at("plain"), self.at("other"))
        self.assertEqual(read(self.at("other/sub/H/data")), b"of H")
        write(self.at("other/sub/H/data"), b"written after")
        self.assertEqual(self.contents("other/sub/H")[b"data"],
                         b"written after")
        self.fails(errno.EINVAL, os.rename, self.at("other"),
                   self.at("other/sub/below"))

    def test_over_what_is_not_empty(self):
        for target in ("G", "plain"):
            for source in ("F", "bare"):
                self.fails((errno.ENOTEMPTY, errno.EEXIST), os.rename,
                           self.at(source), self.at(target))
        self.assertEqual(read(self.under("F")), OBJECT)
        self.assertEqual(self.contents("G"), {b"data": b"of G"})

    def test_over_what_is_empty(self):
        os.rename(self.at("F"), self.at("empty"))
        self.assertEqual(read(self.under("empty")), OBJECT)
        os.rename(self.at("empty"), self.at("bare"))
        self.assertEqual(read(self.under("bare")), OBJECT)
        self.assertEqual(read(self.at("bare/:a")), b"one")
        os.mkdir(self.at("bare2"))
        os.rename(self.at("plain"), self.at("bare2"))
        self.assertEqual(read(self.at("bare2/sub/H/data")), b"of H")
        self.put("empty", b"")
        os.rename(self.at("bare2"), self.at("empty"))
        self.assertEqual(read(self.at("empty/sub/H/data")), b"of H")

    def test_noreplace(self):
        for target in ("G", "empty", "bare"):
            self.fails(errno.EEXIST, renameat2, self.at("F"), self.at(target),
                       NOREPLACE)
        renameat2(self.at("F"), self.at("new"), NOREPLACE)
        self.assertEqual(read(self.under("new")), OBJECT)

    def test_exchange(self):
        renameat2(self.at("F"), self.at("G"), EXCHANGE)
        self.assertEqual(read(self.under("G")), OBJECT)
        self.assertEqual(read(self.at("F/data")), b"of G")
        renameat2(self.at("G"), self.at("plain"), EXCHANGE)
        self.assertEqual(read(self.under("plain")), OBJECT)
        self.assertEqual(read(self.at("plain/:b")), b"two")
        self.assertEqual(read(self.at("G/sub/H/data")), b"of H")
        self.fails(errno.ENOENT, renameat2, self.at("G"), self.at("nothing"),
                   EXCHANGE)

    def test_streams(self):
        os.rename(self.at("F/:a"), self.at("F/:renamed"))
        self.assertEqual(self.contents("F"), {
            b"security": b"security", b"data": b"main", b":renamed": b"one",
            b":b": b"two"})
        os.rename(self.at("F/:renamed"), self.at("F/:b"))
        self.assertEqual(self.contents("F"), {
            b"security": b"security", b"data": b"main", b":b": b"one"})
        self.assertEqual(read(self.at("F/:b")), b"one")
        self.assertFalse(os.path.exists(self.at("F/:renamed")))

    def test_streams_keep_their_headers_and_place(self):
        self.put("A", record(12, 5, b"opaque") + alternate("x", b"x", 0x80)
                 + record(1, 0, b"data"))
        os.rename(self.at("A/:x"), self.at("A/:longer name"))
        self.assertEqual(read(self.under("A")),
                         record(12, 5, b"opaque")
                         + alternate("longer name", b"x", 0x80)
                         + record(1, 0, b"data"))

    def test_streams_noreplace(self):
        self.fails(errno.EEXIST, renameat2, self.at("F/:a"), self.at("F/:b"),
                   NOREPLACE)
        renameat2(self.at("F/:a"), self.at("F/:c"), NOREPLACE)
        self.assertEqual(self.contents("F")[b":c"], b"one")

    def test_streams_exchange(self):
        """Either refused, or done."""
        try:
            renameat2(self.at("F/:a"), self.at("F/:b"), EXCHANGE)
        except OSError as error:
            self.assertEqual(error.errno, errno.EINVAL)
            self.assertEqual(read(self.under("F")), OBJECT)
        else:
            found = self.contents("F")
            self.assertEqual((found[b":a"], found[b":b"]), (b"two", b"one"))

    def test_streams_to_another_object(self):
        for target in ("G/:a", "G/data", "empty/:a", "bare/data", "plain/x"):
            self.fails((errno.EXDEV, errno.EINVAL) if target == "plain/x"
                       else errno.EXDEV, os.rename, self.at("F/:a"),
                       self.at(target))
        self.assertEqual(read(self.under("F")), OBJECT)
        self.run_tool("mv", self.at("F/:a"), self.at("G/:a"))
        self.assertEqual(self.contents("G")[b":a"], b"one")
        self.assertNotIn(b":a", self.contents("F"))

    def test_streams_to_names_that_are_none(self):
        for name in ("foo", "data.bak", ":x:$DATA", "id_00000001", "data#1"):
            self.fails(errno.EINVAL, os.rename, self.at("F/:a"),
                       self.at("F", name))
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_objects_over_streams_and_back(self):
        self.fails((errno.ENOTDIR, errno.EXDEV, errno.EINVAL), os.rename,
                   self.at("G"), self.at("F/:a"))
        self.fails((errno.EISDIR, errno.EXDEV, errno.EINVAL), os.rename,
                   self.at("F/:a"), self.at("empty"))
        self.assertEqual(read(self.under("F")), OBJECT)


class Names(Tree):
    def test_names_that_are_no_streams(self):
        for name in ("foo", "DATA", "data.bak", "x:y", ":x:$DATA",
                     "id_00000001", "id_0000000C", "id_c", "data#1", "data#0",
                     ":x%41", ":x%2f", "%3ax", "stream", "sedabcde", "sed"):
            for where in ("F", "empty", "bare"):
                self.fails(errno.EINVAL, write, self.at(where, name), b"x")
        self.fails(errno.EINVAL, write, self.at(b"F", b":\xff"), b"x")
        self.fails(errno.ENAMETOOLONG, write,
                   self.at("F", ":" + "x" * 965 + "%~" + "0" * 32), b"x")
        self.assertEqual(read(self.under("F")), OBJECT)
        self.assertEqual(os.listdir(self.at("bare")), [])
        self.assertTrue(os.path.isdir(self.under("bare")))
        self.assertEqual(read(self.under("empty")), b"")

    def test_looking_up_what_is_not_there(self):
        for name in ("F/ea", "F/foo", "F/:c", "F/:a#2", "nothing",
                     "F/:a:$DATA", "F/Data"):
            self.fails(errno.ENOENT, os.stat, self.at(name))
        self.fails(errno.ENOTDIR, os.stat, self.at("F/data/x"))

    def test_escaped_names_round(self):
        names = {":a%2Fb": ":a/b:$DATA", ":%25": ":%:$DATA",
                 ":x%00": ":x\0:$DATA", ":%uD800": ":\ud800:$DATA",
                 ":x%7E": ":x~:$DATA", ":x%232": ":x#2:$DATA",
                 ":i:$INDEX": ":i:$INDEX", "%78": "x", "%": "",
                 ":nl\n": ":nl\n:$DATA", ":..": ":..:$DATA",
                 ":\u20ac\U0001f600": ":\u20ac\U0001f600:$DATA",
                 ":" + "\u20ac" * 255: ":" + "\u20ac" * 255 + ":$DATA"}
        for child in names:
            write(self.at("empty", child), child.encode())
        records = parse(read(self.under("empty")))
        self.assertEqual([r.name.decode("utf-16-le", "surrogatepass")
                          for r in records], list(names.values()))
        self.assertTrue(all(r.id == ALTERNATE_DATA for r in records))
        self.assertEqual(sorted(os.listdir(self.at("empty"))), sorted(names))

    def test_every_kind_of_stream(self):
        children = {"data": 1, "ea": 2, "security": 3, "link": 5,
                    "property": 6, "object_id": 7, "reparse": 8, "txfs": 10,
                    "ghosted_extents": 11, "id_00000000": 0,
                    "id_0000000c": 12, "id_ffffffff": 0xFFFFFFFF}
        for child in children:
            write(self.at("empty", child), child.encode())
        records = parse(read(self.under("empty")))
        self.assertEqual([r.id for r in records], list(children.values()))
        self.assertEqual([r.attributes for r in records],
                         [2 if r.id == 3 else 0 for r in records])

    def test_a_second_stream_of_a_name(self):
        write(self.at("F", ":a#2"), b"second")
        found = [(r.name, r.size) for r in parse(read(self.under("F")))
                 if r.id == ALTERNATE_DATA]
        self.assertEqual(found[0][0], found[-1][0])
        self.assertEqual(read(self.at("F", ":a#2")), b"second")
        self.assertEqual(read(self.at("F", ":a")), b"one")
        write(self.at("F", ":a"), b"first")
        self.assertEqual(self.contents("F")[b":a#2"], b"second")
        self.assertEqual(self.contents("F")[b":a"], b"first")

    def test_cut_names_can_be_written_to(self):
        raw = ":" + "x" * 5000 + ":$DATA"
        self.put("cut", alternate("x" * 5000, b"old"))
        child, = os.listdir(self.at("cut"))
        write(self.at("cut", child), b"new content")
        self.assertEqual(read(self.under("cut")),
                         alternate("x" * 5000, b"new content"), raw)
        self.assertEqual(os.listdir(self.at("cut")), [child])

    def test_the_control_directory_is_never_shown(self):
        write(self.at("F/data"), b"something to commit")
        write(self.at("F/.scratch"), b"something to keep")
        self.assertNotIn(".bkupfs", os.listdir(self.point))
        self.fails(errno.ENOENT, os.stat, self.at(".bkupfs"))
        os.unlink(self.at("F/.scratch"))
        self.mounts[-1].stop()
        self.assertNotIn(".bkupfs", os.listdir(self.source))


class Scratch(Tree):
    def test_names(self):
        names = [".data.Ab12Cd", ".x", "data~", ":a~", "sedAb12Cd", ".F.swp"]
        for name in names:
            write(self.at("F", name), name.encode())
        self.assertEqual(sorted(os.listdir(self.at("F"))),
                         sorted(names + ["data", "security", ":a", ":b"]))
        self.assertEqual(read(self.under("F")), OBJECT)
        self.remount()
        for name in names:
            self.assertEqual(read(self.at("F", name)), name.encode())
            os.unlink(self.at("F", name))
        self.assertEqual(len(os.listdir(self.at("F"))), 4)
        self.mounts[-1].stop()
        self.assertNotIn(".bkupfs", os.listdir(self.source))

    def test_renaming_into_place(self):
        write(self.at("F/.data.Ab12Cd"), b"new main")
        os.rename(self.at("F/.data.Ab12Cd"), self.at("F/data"))
        write(self.at("F/sedabcdef"), b"new ea")
        os.rename(self.at("F/sedabcdef"), self.at("F/ea"))
        write(self.at("F/:c~"), b"three")
        renameat2(self.at("F/:c~"), self.at("F/:c"), NOREPLACE)
        self.assertEqual(self.contents("F"), {
            b"security": b"security", b"data": b"new main", b":a": b"one",
            b":b": b"two", b"ea": b"new ea", b":c": b"three"})
        self.assertEqual(self.streams("F")[b"data"].head.offset, 28)

    def test_renaming_scratch_to_scratch(self):
        write(self.at("F/.x"), b"x")
        os.rename(self.at("F/.x"), self.at("F/.y"))
        write(self.at("F/.x"), b"new x")
        os.rename(self.at("F/.y"), self.at("F/.x"))
        self.assertEqual(read(self.at("F/.x")), b"x")
        self.fails(errno.EINVAL, os.rename, self.at("F/.x"), self.at("F/foo"))
        self.assertEqual(read(self.under("F")), OBJECT)

    def test_renaming_a_stream_to_scratch(self):
        """As editors do with their backups: data becomes data~."""
        os.rename(self.at("F/data"), self.at("F/data~"))
        self.assertNotIn(b"data", self.contents("F"))
        self.assertEqual(read(self.at("F/data~")), b"main")
        os.rename(self.at("F/data~"), self.at("F/data"))
        self.assertEqual(self.contents("F")[b"data"], b"main")

    def test_renaming_open_scratch_into_place(self):
        fd = os.open(self.at("F/.new"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.write(fd, b"before")
            os.rename(self.at("F/.new"), self.at("F/data"))
            self.assertEqual(self.contents("F")[b"data"], b"before")
            os.write(fd, b" and after")
            self.assertEqual(os.pread(fd, 6, 0), b"before")
        finally:
            os.close(fd)
        self.assertEqual(self.contents("F")[b"data"], b"before and after")

    def test_renaming_scratch_that_was_not_released_yet(self):
        """The kernel tells of the last close later than it returns: rsync
        has set the time and renamed by then."""
        for name in ("F/:late", "bare/:late"):
            scratch = self.at(os.path.dirname(name), ".late")
            fd = os.open(scratch, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(fd, b"content")
                os.utime(scratch, ns=(10**18, 10**18 + 3))
                os.chmod(scratch, 0o644)
                os.rename(scratch, self.at(name))
                self.assertEqual(os.stat(self.at(name)).st_mtime_ns,
                                 10**18 + 3)
            finally:
                os.close(fd)
            for again in range(2):
                st = os.stat(self.at(name))
                self.assertEqual(st.st_mtime_ns, 10**18 + 3)
                self.assertEqual(stat.S_IMODE(st.st_mode), 0o644)
                if not again:
                    self.remount()

    def test_scratch_in_an_empty_directory_decides_nothing(self):
        os.mkdir(self.at("new"))
        write(self.at("new/.data.Ab12Cd"), b"content")
        self.assertTrue(os.path.isdir(self.under("new")))
        self.assertEqual(os.listdir(self.at("new")), [".data.Ab12Cd"])
        self.fails(errno.ENOTEMPTY, os.rmdir, self.at("new"))
        os.rename(self.at("new/.data.Ab12Cd"), self.at("new/data"))
        self.assertEqual(read(self.under("new")), record(1, 0, b"content"))
        self.assertEqual(os.listdir(self.at("new")), ["data"])

    def test_directories_of_scratch(self):
        os.mkdir(self.at("F/.rsync-partial"))
        write(self.at("F/.rsync-partial/data"), b"partial")
        write(self.at("F/.rsync-partial/:b"), b"of b")
        os.mkdir(self.at("F/.~tmp~"))
        self.assertEqual(read(self.under("F")), OBJECT)
        self.remount()
        self.assertEqual(read(self.at("F/.rsync-partial/data")), b"partial")
        self.fails(errno.ENOTEMPTY, os.rmdir, self.at("F/.rsync-partial"))
        os.rename(self.at("F/.rsync-partial/data"), self.at("F/data"))
        self.assertEqual(self.contents("F")[b"data"], b"partial")
        os.unlink(self.at("F/.rsync-partial/:b"))
        os.rmdir(self.at("F/.rsync-partial"))
        os.rmdir(self.at("F/.~tmp~"))

    def test_scratch_moves_with_its_object(self):
        write(self.at("F/.x"), b"kept")
        os.rename(self.at("F"), self.at("plain/F"))
        self.assertEqual(read(self.at("plain/F/.x")), b"kept")
        self.assertFalse(os.path.exists(self.at("F/.x")))
        os.rename(self.at("plain"), self.at("moved"))
        self.remount()
        self.assertEqual(read(self.at("moved/F/.x")), b"kept")
        renameat2(self.at("moved/F"), self.at("G"), EXCHANGE)
        self.assertEqual(read(self.at("G/.x")), b"kept")
        self.assertFalse(os.path.exists(self.at("moved/F/.x")))

    def test_full_metadata(self):
        path = self.at("F/.data.Ab12Cd")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(fd, b"content")
        os.fchmod(fd, 0o640)
        os.close(fd)
        os.chown(path, 1234, 4321)
        os.setxattr(path, "user.note", b"value")
        os.utime(path, ns=(10**18 + 1, 10**18 + 2))
        st = os.stat(path)
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o640)
        self.assertEqual((st.st_uid, st.st_gid), (1234, 4321))
        self.assertEqual(os.getxattr(path, "user.note"), b"value")
        self.assertEqual(os.listxattr(path), ["user.note"])
        self.assertEqual(st.st_mtime_ns, 10**18 + 2)
        os.removexattr(path, "user.note")
        os.rename(path, self.at("F/data"))
        st = os.stat(self.at("F/data"))
        self.assertEqual(st.st_mtime_ns, 10**18 + 2)
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o640)
        self.assertEqual((st.st_uid, st.st_gid), (1234, 4321))
        self.remount()
        st = os.stat(self.at("F/data"))
        self.assertEqual(st.st_mtime_ns, 10**18 + 2)
        self.assertEqual(stat.S_IMODE(st.st_mode), 0o640)

    def test_metadata_right_after_a_rename(self):
        """What was scratch is a stream in every respect, and back."""
        last = "F/.x"
        write(self.at(last), b"new")
        for name in ("F/:x", "F/:x~", "F/:y", "F/.z", "F/ea"):
            os.rename(self.at(last), self.at(name))
            path = self.at(name)
            os.chmod(path, 0o604)
            os.chown(path, 1234, 4321)
            os.utime(path, ns=(10**18, 10**18 + 5))
            os.listxattr(path)
            st = os.stat(path)
            self.assertEqual((stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid,
                              st.st_mtime_ns),
                             (0o604, 1234, 4321, 10**18 + 5), name)
            os.truncate(path, 2)
            with open(path, "ab") as file:
                file.write(b"w")
            self.assertEqual(read(path), b"new", name)
            last = name
        self.assertEqual(os.getxattr(path, "user.bkupfs.id"), b"2")
        self.assertEqual(self.contents("F")[b"ea"], b"new")

    def test_a_daemon_that_was_killed_leaves_scratch(self):
        write(self.at("F/.x"), b"kept")
        os.sync()
        self.mounts[-1].process.kill()
        self.mounts[-1].process.wait()
        self.mounts[-1].abandon()
        self.mount()
        self.assertEqual(read(self.at("F/.x")), b"kept")
        self.assertEqual(read(self.under("F")), OBJECT)


if __name__ == "__main__":
    main()
