#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hostile names: of streams in backup files, and of what is underlying. None
leads out of its object, and all can be worked with."""

import errno
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, fingerprint, main, read, write
from nt_compare import compare
from nt_ids import ALTERNATE_DATA, DATA, EA_DATA, SECURITY_DATA
from nt_names import parse_child, utf16
from nt_records import listing, record

PIECES = [
    "", ".", "..", "/", "../x", "../../x", "../../../etc/passwd", "/etc/passwd",
    "a/b", "a/../b", "./a", "a/", "//", "\0", "a\0b", "..\0", "/\0/", "\n",
    "a\nb", "\r", "\t", "\x01", "\x1b[31m", "\x7f", "\x9b", "\u202e",
    "\u2028", "\ufffe", "\uffff", "\ud800", "\udc00", "a\ud800b", "\udc00\ud800",
    "\ud800" * 255, "\U0010ffff" * 127, "\ud83d\ude00" * 127, "\uffff" * 255,
    "€" * 255, "/" * 255, "\0" * 255, "\\", "\\..\\..\\x", "C:\\x", ".x", "x~",
    "sedABCDEF", ".view", ".bkupfs", ".bkupfs/redo-1", "data", "security",
    "ea", ":x", "x#2", "#2", "NAME#2", "%2F", "%00", "%uD800", "%", "%%",
    "%2E%2E%2F", "%~" + "A" * 32, "$DATA", "x:$DATA", ":$DATA", "-rf", "*",
    " ", "~", ".", "con", "id_0000000c",
]
FORMS = [":{}:$DATA", ":{}:$INDEX_ALLOCATION", ":{}", "{}", "{}:$DATA"]
IDS = [ALTERNATE_DATA, DATA, EA_DATA, SECURITY_DATA, 12, 0xFFFFFFFF]
LONG = ["\uffff" * 32700, "../" * 10900, "\ud800" * 32700, "a" * 32700]

# Names that a file system takes: all bytes but NUL and '/'.
UNDERLYING = [
    b"\xff\xfe", b"\xc0\xaf", b"\xc0\xae\xc0\xae", b"caf\xe9", b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80", b"\x80", b"a\nb", b"\n", b"\r", b"\t", b"\x01",
    b"\x1b[2J", b"\x7f", b"\x9b", b"\xc2\x9b", "\u202e".encode(), b" ", b"  x ",
    b"-rf", b"*", b"\\", b"\\012", b"x" * 255, "€".encode() * 85, b"\xff" * 255,
    b".hidden", b"...", b".. ", b"end~", b"~", b"%2F", b"%", b"%00", b"%uD800",
    b"sedABCDEF", b"data", b"security", b":x", b"#2", b"data#2", b".bkupfs2",
    b"bkupfs", b".bkupfs\n", b"redo-1", b"stage-1", b"scratch", b"$DATA",
]


def raw_names(forms):
    """UTF-16LE names of streams, each once."""
    return sorted({utf16(form.format(piece))
                   for piece in PIECES for form in forms})


def hostile_file(sid, forms=tuple(FORMS)):
    """A backup file with all those names, some twice, each with its
    payload."""
    data = record(DATA, 0, b"main") if sid != DATA else b""
    for number, name in enumerate(raw_names(forms)):
        payload = b"payload %d" % number
        data += record(sid, 0, payload, name)
        if number % 10 == 0:
            data += record(sid, 0, payload + b" again", name)
    return data


def tree(top):
    """{path: what it is} of all that is below top, without the control
    directory."""
    found = {}
    for where, directories, files in os.walk(os.fsencode(top)):
        if b".bkupfs" in directories:
            directories.remove(b".bkupfs")
        for name in directories:
            found[os.path.join(where, name)] = "directory"
        for name in files:
            path = os.path.join(where, name)
            found[path] = fingerprint(path)
    return found


class Streams(MountCase):
    def setUp(self):
        super().setUp()
        os.mkdir(self.under("d"))
        self.file = self.put("d/F", hostile_file(ALTERNATE_DATA))
        self.put("d/other", record(1, 0, b"other"))
        self.put("x", record(1, 0, b"x"))
        self.others = self.outside_of_object()

    def outside_of_object(self):
        """All but the object, the mount and the logs."""
        found = tree(self.tmp)
        return {path: value for path, value in found.items()
                if path != os.fsencode(self.file) and b"log." not in path
                and not path.startswith(os.fsencode(self.point))}

    def nothing_else(self):
        self.assertEqual(self.outside_of_object(), self.others)

    def test_all_are_shown_and_read(self):
        self.mount()
        for sid in IDS:
            with self.subTest(id=sid):
                data = hostile_file(sid)
                if sid == ALTERNATE_DATA:
                    data += b"".join(record(sid, 0, b"long", utf16(name))
                                     for name in LONG)
                self.put("d/F", data)
                name = f"F{sid}"
                os.rename(self.under("d/F"), self.under("d", name))
                self.assertEqual(compare(data, self.at("d", name)), [])
                for child in os.listdir(os.fsencode(self.at("d", name))):
                    self.assertNotIn(b"/", child)
                    self.assertNotIn(child, (b"", b".", b"..", b".view"))
                    self.assertLessEqual(len(child), 1023)
                    child.decode()
                os.unlink(self.under("d", name))

    def test_each_is_written_renamed_and_removed(self):
        self.mount()
        data = hostile_file(ALTERNATE_DATA, FORMS[:1] + FORMS[3:4])
        self.put("d/F", data)
        before = listing(data)
        # All ways for some; for the others that they go.
        for number, child in enumerate(sorted(before)):
            path = self.at("d/F", child)
            self.assertEqual(read(path), before[child].content(data), child)
            if number % 4 == 0 and parse_child(child):
                write(path, b"written")
                self.assertEqual(self.contents("d/F")[child], b"written")
                os.rename(path, self.at("d/F/:moved"))
                self.assertEqual(read(self.at("d/F/:moved")), b"written")
                os.rename(self.at("d/F/:moved"), path)
                self.assertEqual(self.contents("d/F")[child], b"written")
        self.nothing_else()
        # From the last: names of the second and third of one kind move up.
        for child in sorted(before, key=lambda c: before[c].head.offset,
                            reverse=True):
            os.unlink(self.at("d/F", child))
            self.assertNotIn(child, os.listdir(os.fsencode(self.at("d/F"))))
        self.assertEqual(read(self.file), b"")
        self.nothing_else()

    def test_names_that_are_made(self):
        """What can be made comes back by the same name, and is in the object;
        anything else is refused."""
        self.put("d/F", b"")
        self.mount()
        made = {}
        names = [n.encode(errors="surrogatepass") for n in PIECES]
        names = {n for n in names if n and b"/" not in n and b"\0" not in n
                 and n not in (b".", b"..")}
        for name in sorted(names | {b":" + n for n in names}
                           | {n for n in UNDERLYING}):
            path = self.at("d/F", name)
            try:
                write(path, b"of " + name[:20])
            except OSError as error:
                self.assertIn(error.errno, (errno.EISDIR,)
                              if name == b".view" else
                              (errno.EINVAL, errno.ENAMETOOLONG), name)
                continue
            made[name] = b"of " + name[:20]
            self.assertEqual(read(path), made[name], name)
        shown = os.listdir(os.fsencode(self.at("d/F")))
        self.assertEqual(set(shown), set(made))
        self.assertEqual(len(shown), len(made))
        self.assertGreater(len(made), len(names) // 2)
        # Scratch apart, this is what the underlying file holds.
        streams = self.contents("d/F")
        self.assertGreater(len(streams), 20)
        self.assertEqual(streams, {n: c for n, c in made.items()
                                   if n in streams})
        self.nothing_else()


class Underlying(MountCase):
    def setUp(self):
        super().setUp()
        for name in UNDERLYING:
            os.makedirs(os.path.join(os.fsencode(self.source), b"D" + name
                                     if len(name) < 255 else name))
        self.mount()

    def low(self, *names):
        return os.path.join(os.fsencode(self.source), *names)

    def test_objects(self):
        other = record(1, 0, b"other")
        self.put("other", other)
        for name in UNDERLYING:
            with self.subTest(name=name):
                path = self.at(name if len(name) < 255 else name[:-1] + b"y")
                name = os.path.basename(path)
                os.mkdir(path)
                write(os.path.join(path, b"data"), b"of " + name)
                self.assertEqual(read(self.low(name)),
                                 record(1, 0, b"of " + name))
                self.assertIn(name, os.listdir(os.fsencode(self.point)))
                self.assertEqual(read(os.path.join(path, b"data")),
                                 b"of " + name)
                write(os.path.join(path, b".s"), b"scratch")
                os.rename(os.path.join(path, b".s"), os.path.join(path, b"ea"))
                moved = self.at(b"Dsecurity", name)
                os.rename(path, moved)
                self.assertEqual(read(os.path.join(moved, b"ea")), b"scratch")
                self.assertTrue(os.path.isfile(self.low(b"Dsecurity", name)))
                os.unlink(os.path.join(moved, b"data"))
                os.unlink(os.path.join(moved, b"ea"))
                os.rmdir(moved)
                self.assertFalse(os.path.lexists(self.low(b"Dsecurity", name)))
        self.assertEqual(read(self.under("other")), other)

    def test_directories(self):
        shown = os.listdir(os.fsencode(self.point))
        self.assertEqual(sorted(shown),
                         sorted(os.listdir(os.fsencode(self.source))))
        self.assertEqual(len(shown), len(UNDERLYING))
        for name in shown:
            with self.subTest(name=name):
                os.mkdir(self.at(name, b"sub"))
                os.mkdir(self.at(name, b"sub/deep"))
                os.symlink(name, self.at(name, b"link"))
                self.assertEqual(os.readlink(self.low(name, b"link")), name)
                os.unlink(self.at(name, b"link"))
                self.assertTrue(os.path.isdir(self.low(name, b"sub/deep")))
                os.rmdir(self.at(name, b"sub/deep"))
                os.rename(self.at(name, b"sub"), self.at(b"sub"))
                os.rmdir(self.at(b"sub"))
                os.rmdir(self.at(name))
        self.assertEqual([n for n in os.listdir(self.source)
                          if n != ".bkupfs"], [])

    def test_the_log_and_the_tool_stay_readable(self):
        mount = self.mounts[-1]
        for name in UNDERLYING:
            path = self.low(b"Ddata", name)
            write(path, b"no backup file")
            self.fails(errno.EBADMSG, os.listdir, self.at(b"Ddata", name))
            done = subprocess.run([os.environ["BKUP"], "ls", path], check=False,
                                  capture_output=True)
            self.assertEqual(done.returncode, 1)
            self.check_text(done.stdout + done.stderr)
        stream = self.low(b"Ddata/F")
        write(stream, hostile_file(ALTERNATE_DATA))
        shown = subprocess.run([os.environ["BKUP"], "ls", stream], check=True,
                               capture_output=True).stdout
        self.check_text(shown)
        self.assertEqual(len(shown.splitlines()),
                         len(listing(read(stream))) + 1)
        with open(mount.log, "rb") as log:
            text = log.read()
        self.check_text(text)
        self.assertEqual(text.count(b"at offset 0"), len(UNDERLYING))
        for line in text.splitlines():
            self.assertTrue(line.startswith(b"bkupfs: "), line)

    def check_text(self, text):
        for character in text.decode():
            code = ord(character)
            self.assertFalse(
                (code < 0x20 and character != "\n") or 0x7F <= code < 0xA0
                or 0x2028 <= code <= 0x202E or 0x2066 <= code <= 0x2069,
                (hex(code), text))


if __name__ == "__main__":
    main()
