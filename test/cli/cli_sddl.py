#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup sddl: decode, encode and diff"""

import os
import pty
import struct

from cli_support import Case, EXAMPLE, main, record, run, SAMPLES, WINDOWS
from nt_ids import DATA, SECURITY_DATA

EXAMPLE_USER = "S-1-5-21-2127521184-1604012920-1887927527"
EXAMPLE_TEXT = (
    "O:{0}-9496G:{0}-513D:(A;;FA;;;BA)(A;;FA;;;SY)(A;;FA;;;{0}-9496)"
    "(A;;0x1200a9;;;BU)\n").format(EXAMPLE_USER)
WINDOWS_USER = "S-1-5-21-2572311339-1570215451-4239927884"
WINDOWS_TEXT = (
    "O:{0}-1001G:{0}-513D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;{0}-1001)"
    "S:AI(RA;ID;;;;WD;(\"IMAGELOAD\",TU,0x0,1))\n").format(WINDOWS_USER)
LIVE = os.path.join(os.path.dirname(SAMPLES), "live")

# O:BAG:SYD:P(A;;FA;;;WD), as [MS-DTYP] 2.4.6 draws it, in the order of Windows
SYSTEM = bytes.fromhex("010100000000000512000000")
ADMINISTRATORS = bytes.fromhex("01020000000000052000000020020000")
WORLD = bytes.fromhex("010100000000000100000000")
ACE = bytes.fromhex("00001400ff011f00") + WORLD
ACL = struct.pack("<BBHHH", 2, 0, 8 + len(ACE), 1, 0) + ACE
PLAIN = struct.pack("<BBHIIII", 1, 0, 0x9004, 20, 36, 0, 48) + \
    ADMINISTRATORS + SYSTEM + ACL
PLAIN_TEXT = "O:BAG:SYD:P(A;;FA;;;WD)"
FORM = "; 'bkup sddl --help' shows the form\n"
NO_DESCRIPTOR = ("; it is no security descriptor, or a damaged one; for that "
                 "of a backup file, give --stream\n")


def encode(text):
    return run("sddl", "encode", text).out


class Decode(Case):
    def test_of_files_and_standard_input(self):
        self.write("f", PLAIN)
        for result in (run("sddl", "decode", "f"),
                       run("sddl", "decode", "-", data=PLAIN),
                       run("sddl", "decode", data=PLAIN)):
            self.expect(result, out=PLAIN_TEXT + "\n")

    def test_takes_the_stream_of_a_backup_file(self):
        for path, text in ((EXAMPLE, EXAMPLE_TEXT), (WINDOWS, WINDOWS_TEXT)):
            self.expect(run("sddl", "decode", "--stream", path), out=text)
            with open(path, "rb") as file:
                self.expect(run("sddl", "--stream", "decode", stdin=file),
                            out=text)

    def test_of_what_others_wrote(self):
        for name, text in (
                ("ntfs-3g-descriptor.bin", "O:BAG:BAD:(A;OICI;FA;;;WD)\n"),
                ("samba-descriptor.bin",
                 "O:BAG:BAD:P(A;;FA;;;WD)S:(AU;SAFA;FA;;;WD)\n")):
            self.expect(run("sddl", "decode", os.path.join(LIVE, name)),
                        out=text)

    def test_says_where_the_fault_is(self):
        cut = PLAIN[:-4]
        self.expect(run("sddl", "decode", data=cut), status=1, out="", err=(
            "bkup: '-': at offset 50: the size of this ACL is wrong" +
            NO_DESCRIPTOR))
        result = run("sddl", "decode", EXAMPLE)
        self.assertEqual((result.status, result.out), (1, b""))
        self.assertIn(b"': at offset 0: the revision ", result.err)
        self.assertTrue(result.err.endswith(NO_DESCRIPTOR.encode()))

    def test_says_when_there_is_no_stream(self):
        self.write("f", record(DATA, b"x"))
        self.expect(run("sddl", "decode", "--stream", "f"), status=1, out="",
                    err="bkup: no stream 'security' in 'f'\n")
        self.write("f", record(SECURITY_DATA, PLAIN)[:-1])
        result = run("sddl", "decode", "--stream", "f")
        self.assertEqual((result.status, result.out), (1, b""))
        self.assertIn(b"'f': at offset 0: payload of", result.err)

    def test_says_what_cannot_be_read(self):
        self.expect(run("sddl", "decode", "missing"), status=2, out="", err=(
            "bkup: cannot open 'missing': No such file or directory\n"))
        self.expect(run("sddl", "decode", "."), status=2, out="",
                    err="bkup: cannot read '.': Is a directory\n")
        with open("/dev/zero", "rb") as zeros:
            self.expect(run("sddl", "decode", stdin=zeros), status=2, out="",
                        err="bkup: cannot read '-': File too large\n")

    def test_cannot_command_a_terminal(self):
        # What turns the direction of writing; control characters have no text.
        text = 'S:(RA;;;;;WD;("a",TS,0x0,"\u202ex"))'
        self.write("f", encode(text))
        self.expect(run("sddl", "decode", "f"), out=text + "\n")
        master, terminal = pty.openpty()
        self.expect(run("sddl", "decode", "f", stdout=terminal))
        self.assertIn(rb'"\342\200\256x"', os.read(master, 1000))
        os.close(master)
        os.close(terminal)


class Encode(Case):
    def test_of_arguments_and_standard_input(self):
        for result in (run("sddl", "encode", PLAIN_TEXT),
                       run("sddl", "encode", "-", data=PLAIN_TEXT.encode()),
                       run("sddl", "encode",
                           data=(PLAIN_TEXT + "\n").encode())):
            self.expect(result, out=PLAIN)

    def test_is_what_windows_wrote(self):
        for path, text in ((EXAMPLE, EXAMPLE_TEXT), (WINDOWS, WINDOWS_TEXT)):
            self.assertEqual(encode(text), run("cat", path, "security").out)

    def test_says_where_the_fault_is(self):
        for text, place, what, near in (
                ("O:QQ", "1, column 3",
                 "a SID is missing, S-1-... or an alias", "QQ"),
                ("O:BA\nG:S-2", "2, column 5",
                 "the revision of a SID must be 1", "2"),
                ('S:(RA;;;;;WD;("\u00e9\u00e9",TI,0,1)', "1, column 27",
                 "an ACE ends with )", ""),
                ("O:DA", "1, column 3", "this alias depends on a domain; "
                 "write its SID, S-1-5-21-...", "DA")):
            result = run("sddl", "encode", text)
            with self.subTest(text=text):
                self.assertEqual((result.status, result.out), (1, b""))
                self.assertEqual(result.err.decode(), (
                    f"bkup: line {place}: {what}, at '{near}'{FORM}"))

    def test_tells_empty_absent_and_no_acl_apart(self):
        for text in ("", "D:", "S:", "D:S:", "D:NO_ACCESS_CONTROL", "D:P",
                     "O:BA", "G:BA"):
            with self.subTest(text=text):
                self.expect(run("sddl", "decode", data=encode(text)),
                            out=text + "\n")


class Diff(Case):
    def diff(self, old, new):
        self.write("old", old)
        self.write("new", new)
        return run("sddl", "diff", "old", "new")

    def test_is_silent_about_what_is_the_same(self):
        self.expect(self.diff(PLAIN, PLAIN), out="")
        # The same parts in another order.
        moved = struct.pack("<BBHIIII", 1, 0, 0x9004, 32, 20, 0, 48) + \
            SYSTEM + ADMINISTRATORS + ACL
        self.expect(self.diff(PLAIN, moved), out="")

    def test_tells_each_thing_that_differs(self):
        self.expect(
            self.diff(encode("O:BAG:SYD:P(A;;FA;;;WD)(A;;FR;;;BU)"),
                      encode("O:SYD:AI(D;;FA;;;AN)(A;;FA;;;WD)S:")),
            status=1, out=(
                "- owner BA\n"
                "- group SY\n"
                "+ owner SY\n"
                "- flag dacl protected\n"
                "+ flag sacl present\n"
                "+ flag dacl auto inherited\n"
                "+ dacl (D;;FA;;;AN)\n"
                "- dacl (A;;FR;;;BU)\n"
                "+ sacl revision 2\n"))

    def test_tells_programs_the_same(self):
        self.write("old", encode("O:BAD:(A;;FA;;;WD)"))
        self.write("new", encode("O:SYD:(A;;FA;;;WD)"))
        self.expect(run("sddl", "diff", "--json", "old", "old"), out="")
        self.expect(run("sddl", "diff", "--json", "old", "new"), status=1,
                    out=('{"kind": "removed", "line": "owner BA"}\n'
                         '{"kind": "added", "line": "owner SY"}\n'))

    def test_sees_the_order_of_aces(self):
        aces = ["(A;;FA;;;BA)", "(A;;FR;;;WD)", "(D;;FX;;;AN)",
                "(A;;FR;;;WD)"]
        self.expect(self.diff(encode("D:" + "".join(aces)),
                              encode("D:" + "".join(aces[1:] + aces[:1]))),
                    status=1, out=("- dacl (A;;FA;;;BA)\n"
                                   "+ dacl (A;;FA;;;BA)\n"))

    def test_sees_what_text_does_not_tell(self):
        flags = bytearray(PLAIN)
        flags[1] = 0x5a
        flags[2] |= 1
        self.expect(self.diff(PLAIN, bytes(flags)), status=1, out=(
            "+ flag owner defaulted\n+ resource manager control 0x5a\n"))
        longer = bytearray(PLAIN)
        longer[48:56] = struct.pack("<BBHHH", 4, 0, 12 + len(ACE), 1, 0)
        longer[58] += 4
        self.expect(self.diff(PLAIN, bytes(longer) + b"\1\2\3\4"), status=1,
                    out=("- dacl revision 2\n"
                         "- dacl (A;;FA;;;WD)\n"
                         "+ dacl revision 4\n"
                         "+ dacl (A;;FA;;;WD) and behind it 01020304\n"))

    def test_tells_no_acl_from_an_empty_one(self):
        self.expect(self.diff(encode("D:"), encode("D:NO_ACCESS_CONTROL")),
                    status=1, out="- dacl revision 2\n+ dacl is NULL\n")

    def test_of_backup_files(self):
        self.expect(run("sddl", "diff", "--stream", EXAMPLE, EXAMPLE), out="")
        result = run("sddl", "diff", EXAMPLE, "--stream", WINDOWS)
        self.expect(result, status=1)
        self.assertIn(b"+ sacl (RA;ID;;;;WD;(\"IMAGELOAD\",TU,0x0,1))\n",
                      result.out)
        self.assertIn(f"- owner {EXAMPLE_USER}-9496\n".encode(), result.out)

    def test_takes_little_time_for_many_aces(self):
        aces = ["(A;;0x%x;;;WD)" % number for number in range(3000)]
        result = self.diff(encode("D:" + "".join(aces)),
                           encode("D:" + "".join(reversed(aces))))
        self.expect(result, status=1)
        self.assertEqual(result.out.count(b"\n"), 2 * 2999)
        self.assertLess(result.cpu, 10)

    def test_says_which_file_is_wrong(self):
        self.expect(self.diff(PLAIN, b""), status=1, out="", err=(
            "bkup: 'new': at offset 0: a security descriptor has 20 bytes at "
            "least" + NO_DESCRIPTOR))
        self.expect(run("sddl", "diff", "missing", "new"), status=2, out="",
                    err=("bkup: cannot open 'missing': "
                         "No such file or directory\n"))


class Usage(Case):
    def test_wrong_usage_is_said(self):
        for arguments, fault in (
                ([], "no decode, encode or diff"),
                (["x"], "neither decode, encode nor diff: 'x'"),
                (["decode", "a", "b"], "too many arguments: 'b'"),
                (["encode", "a", "b"], "too many arguments: 'b'"),
                (["encode", "--stream", "a"], "wrong option '--stream'"),
                (["decode", "--json", "a"], "wrong option '--json'"),
                (["encode", "--json", "a"], "wrong option '--json'"),
                (["diff"], "no A"), (["diff", "a"], "no B"),
                (["diff", "a", "b", "c"], "too many arguments: 'c'")):
            with self.subTest(arguments=arguments):
                self.expect(run("sddl", *arguments), status=2, out="", err=(
                    "bkup: %s\ntry 'bkup sddl --help'\n" % fault))

    def test_a_full_disk_is_seen(self):
        self.write("f", PLAIN)
        self.write("g", encode("O:BA"))
        for arguments in (["decode", "f"], ["encode", PLAIN_TEXT],
                          ["diff", "f", "g"], ["diff", "--json", "f", "g"]):
            with self.subTest(arguments=arguments), \
                    open("/dev/full", "wb") as full:
                self.expect(run("sddl", *arguments, stdout=full), status=2,
                            err=("bkup: cannot write to standard output: "
                                 "No space left on device\n"))


if __name__ == "__main__":
    main()
