#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup check: what is wrong with a file, and where"""

import json
import os
import pty
import struct
import subprocess
import time

from cli_support import (BKUP, Case, EFS_MAGIC, EXAMPLE, main, record, run,
                         WINDOWS)
from nt_ids import (ALTERNATE_DATA, DATA, EA_DATA, GHOSTED_FILE_EXTENTS, LINK,
                    OBJECT_ID, PROPERTY_DATA, REPARSE_DATA, SECURITY_DATA,
                    SPARSE_BLOCK)
from nt_names import utf16
from nt_records import block

FOREIGN = "this is no NT backup file"
EFS = "this is EFS raw data (ReadEncryptedFileRaw), no NT backup file"
CUT = ("it was cut short: copy it again; the streams before this offset are "
       "whole")
DAMAGED = ("this record or the one before it is damaged: get the file from "
           "another copy")
WHOLE = record(PROPERTY_DATA, b"12345")  # 25 bytes

# input, offset, reason, advice
BAD = (
    (b"x", 0, "1 bytes are too few for a header (20 bytes)", FOREIGN),
    (b"some text that is long enough for a header", 0,
     "name of 1869357171 bytes is too long (at most 65536)", None),
    (WHOLE + b"\0", 25, "1 bytes are too few for a header (20 bytes)", CUT),
    (WHOLE + record(DATA)[:19], 25,
     "19 bytes are too few for a header (20 bytes)", CUT),
    (WHOLE + record(DATA, b"abc", size=4), 25,
     "payload of 4 bytes passes the end of the file (have 3)", CUT),
    (record(DATA, b"abc", size=4), 0,
     "payload of 4 bytes passes the end of the file (have 3)", CUT),
    (WHOLE + record(DATA, b"abc", size=1 << 63), 25,
     "payload of 9223372036854775808 bytes is impossible (at most 2^63-1)",
     DAMAGED),
    (WHOLE + record(DATA, b"abc", size=(1 << 64) - 20), 25,
     "payload of 18446744073709551596 bytes is impossible (at most 2^63-1)",
     DAMAGED),
    (WHOLE + record(DATA, b"abc", size=(1 << 63) - 1), 25,
     "payload of 9223372036854775807 bytes passes the end of the file "
     "(have 3)", CUT),
    (WHOLE + record(ALTERNATE_DATA, name=b"abc"), 25,
     "name of 3 bytes is not of whole UTF-16 units", DAMAGED),
    (WHOLE + record(ALTERNATE_DATA, name=bytes(65538)), 25,
     "name of 65538 bytes is too long (at most 65536)", DAMAGED),
    (WHOLE + record(ALTERNATE_DATA, name_size=0xffffffff), 25,
     "name of 4294967295 bytes is too long (at most 65536)", DAMAGED),
    (WHOLE + record(ALTERNATE_DATA, name=b"abcd", name_size=6), 25,
     "name of 6 bytes passes the end of the file (have 4)", CUT),
    (record(DATA) + record(SPARSE_BLOCK, bytes(7)), 20,
     "sparse block of 7 bytes is too small for its offset (8 bytes)", DAMAGED),
    (record(SPARSE_BLOCK, bytes(7)), 0,
     "sparse block of 7 bytes is too small for its offset (8 bytes)", DAMAGED),
    (record(DATA) + block((1 << 63) - 3, b"abc"), 20,
     "sparse block of 3 bytes at 9223372036854775805 of its stream ends "
     "beyond 2^63-1", DAMAGED),
    (record(DATA) + block(1 << 63), 20,
     "sparse block of 0 bytes at 9223372036854775808 of its stream ends "
     "beyond 2^63-1", DAMAGED),
    (struct.pack("<H", 0x0000) + record(DATA, b"abc"), 0, None, FOREIGN),
    (EFS_MAGIC + bytes(50), 0, None, EFS),
    # As a backup file it begins with a whole record of more than 5 MB.
    (EFS_MAGIC + bytes(0x530042 + 8) + b"GURE", 0x530042 + 20,
     "4 bytes are too few for a header (20 bytes)", EFS),
    (b"TAPE" + b"\xff" * 50, 0, None,
     "this is an MTF archive (.bkf), no NT backup file"),
    (b"\x1f\x8b\x08" + b"\xff" * 50, 0, None,
     "this is gzip data: decompress it first"),
    (b"PK\3\4" + b"\xff" * 50, 0, None,
     "this is a zip archive: unpack it first"),
)

# A descriptor whose owner has 16 parts, in a stream that stands at 25.
DESCRIPTOR = struct.pack("<BBHIIII", 1, 0, 0x8000, 20, 0, 0, 0) + \
    struct.pack("<BB6s", 1, 16, bytes(6)) + bytes(64)

# id, payload, offset in the payload, reason
BAD_PAYLOADS = (
    (SECURITY_DATA, b"12345", 5,
     "a security descriptor has 20 bytes at least"),
    (SECURITY_DATA, DESCRIPTOR, 20, "this is no whole SID"),
    (SECURITY_DATA, bytes((1 << 20) + 1), 0,
     "this is too large for what it should be"),
    (EA_DATA, bytes(7), None, None),
    (OBJECT_ID, bytes(63), None, None),
    (LINK, utf16("C:\\a") + bytes(4), 8, "a NUL is in the path"),
    (LINK, b"", 0, "the path is empty"),
    (REPARSE_DATA, bytes(7), None, None),
    (GHOSTED_FILE_EXTENTS, struct.pack("<II", 1, 1) + bytes(39), 47,
     "an extent is cut off"),
)

FINE = (
    b"",
    record(DATA),
    record(DATA) + block((1 << 63) - 4, b"abc"),
    record(DATA) + block((1 << 63) - 1),
    record(DATA) + block(9, b"a") + block(3, b"b") + block(3, b"c"),
    record(ALTERNATE_DATA, name="x" * 32768),
    record(ALTERNATE_DATA),
    record(EA_DATA, name=":odd"),
    record(0, b"x") + record(0xffffffff, b"y", attributes=0xffffffff),
    record(SPARSE_BLOCK, bytes(8)),
    record(LINK, utf16("C:\\a")),
    record(LINK, utf16("C:\\a\0")),
    record(LINK, b"\0\xd8"),
    record(GHOSTED_FILE_EXTENTS, struct.pack("<II", 1, 1) + bytes(40)),
)


class Check(Case):
    def test_samples_are_fine(self):
        self.expect(run("check", EXAMPLE, WINDOWS), out=(
            "checked 2 files with 6 streams: 0 bad, "
            "0 bad payloads, 0 unreadable, "
            "0 leftovers\n"))

    def test_fine_ones_are_fine(self):
        for i, backup in enumerate(FINE):
            with self.subTest(i=i):
                self.write("f", backup)
                self.expect(run("check", "f"))
                self.expect(run("check", "-", data=backup))

    def test_says_where_and_why(self):
        for i, (backup, offset, reason, advice) in enumerate(BAD):
            with self.subTest(i=i, reason=reason):
                self.write("f", backup)
                result = run("check", "--json", "f")
                self.expect(result, status=1)
                bad, summary = map(json.loads, result.out.splitlines())
                self.assertEqual(bad["offset"], offset)
                self.assertEqual(bad["reason"], reason or bad["reason"])
                self.assertEqual(bad["advice"], advice or bad["advice"])
                self.assertEqual((summary["bad"], summary["files"]), (1, 1))
                text = run("check", "f")
                self.expect(text, status=1)
                self.assertEqual(
                    text.out.decode().splitlines()[0],
                    "'f': at offset %d: %s; %s" % (
                        offset, bad["reason"], bad["advice"]))

    def test_finds_the_same_on_a_pipe(self):
        for i, (backup, offset, reason, advice) in enumerate(BAD):
            with self.subTest(i=i, reason=reason):
                result = run("check", "--json", data=backup)
                self.expect(result, status=1)
                bad, summary = map(json.loads, result.out.splitlines())
                self.assertEqual((bad["kind"], bad["file"], bad["offset"]),
                                 ("bad", "-", offset))
                self.assertTrue(bad["reason"] and bad["advice"])
                self.assertEqual(summary["bad"], 1)

    def test_knows_efs_raw_data_on_a_pipe(self):
        for size in (50, 0x530042 + 9):
            result = run("check", "--json", data=EFS_MAGIC + bytes(size))
            self.expect(result, status=1)
            bad = json.loads(result.out.splitlines()[0])
            self.assertEqual(bad["advice"], EFS)

    def test_offsets_count_from_where_standard_input_stands(self):
        self.write("f", b"x" * 7 + WHOLE + b"\0")
        with open("f", "rb", buffering=0) as file:
            file.seek(7)
            self.expect(run("check", stdin=file), status=1, out=(
                "'-': at offset 25: 1 bytes are too few for a header "
                "(20 bytes); %s\nchecked 1 file with 1 stream: 1 bad, "
                "0 bad payloads, 0 unreadable, 0 leftovers\n" % CUT))

    def test_tells_which_payload_is_wrong(self):
        names = {SECURITY_DATA: "security", EA_DATA: "ea",
                 OBJECT_ID: "object_id", LINK: "link",
                 REPARSE_DATA: "reparse",
                 GHOSTED_FILE_EXTENTS: "ghosted_extents"}
        for stream_id, payload, offset, reason in BAD_PAYLOADS:
            data = WHOLE + record(stream_id, payload) + record(DATA, b"abc")
            self.write("f", data)
            for result in (run("check", "--json", "f"),
                           run("check", "--json", data=data)):
                self.assertEqual((result.status, result.err), (1, b""))
                found, summary = map(json.loads, result.out.splitlines())
                self.assertEqual((found["kind"], found["stream"]),
                                 ("payload", names[stream_id]))
                self.assertEqual((summary["payloads"], summary["bad"],
                                  summary["streams"]), (1, 0, 3))
                if reason:
                    self.assertEqual(
                        (found["offset"], found["reason"]),
                        (len(WHOLE) + 20 + offset, reason))

    def test_tells_of_bad_payloads_in_one_line_each(self):
        self.write("f", record(SECURITY_DATA, b"12345") +
                   record(EA_DATA, b"", ":a\nb:$DATA") +
                   record(SECURITY_DATA, b""))
        self.expect(run("check", "f"), status=1, out=(
            "'f': at offset 25: in 'security': a security descriptor has 20 "
            "bytes at least; it is shown and copied as it is, but Windows may "
            "refuse it\n"
            "'f': at offset 85: in 'security': a security descriptor has 20 "
            "bytes at least; it is shown and copied as it is, but Windows may "
            "refuse it\n"
            "checked 1 file with 3 streams: 0 bad, 2 bad payloads, "
            "0 unreadable, 0 leftovers\n"))

    def test_every_cut_of_a_sample_is_found(self):
        with open(EXAMPLE, "rb") as file:
            whole = file.read()
        for size in range(1, len(whole)):
            status = 0 if size in (208, 242) else 1
            with self.subTest(size=size):
                self.write("f", whole[:size])
                self.assertEqual(run("check", "f").status, status)
        for size in range(1, len(whole), 7):
            status = 0 if size in (208, 242) else 1
            self.assertEqual(run("check", data=whole[:size]).status, status)

    def test_other_files_are_checked_after_a_bad_one(self):
        self.write("bad", b"bad")
        self.expect(run("check", "bad", "missing", EXAMPLE), status=2, out=(
            "'bad': at offset 0: 3 bytes are too few for a header "
            "(20 bytes); %s\n"
            "checked 2 files with 3 streams: 1 bad, "
            "0 bad payloads, 1 unreadable, "
            "0 leftovers\n" % FOREIGN),
            err="bkup: cannot read 'missing': No such file or directory\n")

    def test_json_has_what_cannot_be_read(self):
        result = run("check", "--json", "missing")
        self.assertEqual(result.status, 2)
        self.assertEqual(
            [json.loads(line) for line in result.out.splitlines()],
            [{"kind": "unreadable", "file": "missing",
              "reason": "No such file or directory"},
             {"kind": "summary", "files": 0, "streams": 0, "bad": 0,
              "payloads": 0, "unreadable": 1, "leftovers": 0,
              "unfinished": 0}])


def shown_on(ours, theirs):
    """All that was written to a terminal."""
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # EIO: everybody has closed it, and no more is due
            os.close(ours)
            return shown


class Progress(Case):
    def feed_slowly(self, stderr):
        process = subprocess.Popen([BKUP, "check"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=stderr)
        for _ in range(16):
            process.stdin.write(record(DATA, b"abc"))
            process.stdin.flush()
            time.sleep(0.1)
        return process

    def finish(self, process):
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(out, b"checked 1 file with 16 streams: 0 bad, "
                              b"0 bad payloads, 0 unreadable, 0 leftovers\n")
        return err

    def test_is_shown_on_a_terminal_and_wiped_out(self):
        ours, theirs = pty.openpty()
        process = self.feed_slowly(theirs)
        self.finish(process)
        self.assertRegex(shown_on(ours, theirs), (
            rb"^(\r[0-9]+ bytes, [0-9]+ bytes/s\x1b\[K)+"
            rb"\r\x1b\[K$"))

    def test_is_not_shown_in_a_pipe(self):
        self.assertEqual(self.finish(self.feed_slowly(subprocess.PIPE)), b"")

    def test_is_not_shown_within_a_second(self):
        ours, theirs = pty.openpty()
        run("check", EXAMPLE, stderr=theirs)
        self.assertEqual(shown_on(ours, theirs), b"")


if __name__ == "__main__":
    main()
