#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup ls"""

import json

from cli_support import (Case, EFS_MAGIC, EXAMPLE, main, record, run,
                         WINDOWS)
from nt_ids import ALTERNATE_DATA, DATA, EA_DATA, SECURITY_DATA, SPARSE_BLOCK
from nt_records import block

EXAMPLE_TABLE = """\
ID  ATTR  OFFSET  SIZE  NAME
 3   0x2       0   188  security
 1   0x0     208    14  data
 4   0x0     242    15  :stream1
"""
WINDOWS_TABLE = """\
ID  ATTR  OFFSET  SIZE  NAME
 3   0x2       0   240  security
 1   0x0     260   308  data
 4   0x0     588   110  :Zone.Identifier
"""


def objects(result):
    return [json.loads(line) for line in result.out.decode().splitlines()]


class Ls(Case):
    def test_lists_the_specification_s_example(self):
        self.expect(run("ls", EXAMPLE), out=EXAMPLE_TABLE)

    def test_lists_what_windows_wrote(self):
        self.expect(run("ls", WINDOWS), out=WINDOWS_TABLE)

    def test_reads_standard_input(self):
        with open(EXAMPLE, "rb") as file:
            data = file.read()
        for arguments in (["ls"], ["ls", "-"], ["ls", "--", "-"]):
            self.expect(run(*arguments, data=data), out=EXAMPLE_TABLE)
            with open(EXAMPLE, "rb") as file:
                self.expect(run(*arguments, stdin=file), out=EXAMPLE_TABLE)

    def test_reads_standard_input_from_where_it_stands(self):
        self.write("f", b"x" * 7 + record(DATA, b"abc"))
        with open("f", "rb", buffering=0) as file:
            file.seek(7)
            self.expect(run("ls", stdin=file), out=(
                "ID  ATTR  OFFSET  SIZE  NAME\n"
                " 1   0x0       0     3  data\n"))

    def test_heads_each_of_several_files(self):
        self.write("empty", b"")
        self.expect(run("ls", EXAMPLE, "empty"), out=(
            EXAMPLE + ":\n" + EXAMPLE_TABLE +
            "\nempty:\nID  ATTR  OFFSET  SIZE  NAME\n"))

    def test_goes_on_after_a_file_that_fails(self):
        self.write("bad", b"bad")
        result = run("ls", "--json", "missing", "bad", EXAMPLE)
        self.expect(result, status=2, err=(
            "bkup: cannot open 'missing': No such file or directory\n"
            "bkup: 'bad': at offset 0: 3 bytes are too few for a header "
            "(20 bytes); this is no NT backup file\n"))
        self.assertEqual(len(objects(result)), 3)

    def test_knows_efs_raw_data(self):
        self.write("raw", EFS_MAGIC + bytes(50))
        for arguments in (("ls", "raw"), ("cat", "raw", "data")):
            result = run(*arguments)
            self.assertEqual(result.status, 1)
            self.assertEqual(result.err.decode(), (
                "bkup: 'raw': at offset 0: payload of 5439554 bytes passes "
                "the end of the file (have 42); this is EFS raw data "
                "(ReadEncryptedFileRaw), no NT backup file\n"))

    def test_json_says_what_the_table_says(self):
        self.expect(run("ls", "--json", EXAMPLE), out="".join(
            json.dumps({"file": EXAMPLE, "name": name, "id": stream_id,
                        "attributes": attributes, "offset": offset,
                        "payload": size, "size": size, "blocks": 0}) + "\n"
            for name, stream_id, attributes, offset, size in (
                ("security", 3, 2, 0, 188), ("data", 1, 0, 208, 14),
                (":stream1", 4, 0, 242, 15))))

    def test_folds_blocks_over_other_records(self):
        backup = (record(SPARSE_BLOCK, bytes(8) + b"orphan", attributes=8) +
                  record(DATA, attributes=8) + block(65536, b"x" * 10) +
                  record(EA_DATA, b"ea") + block(1 << 20) +
                  record(ALTERNATE_DATA, b"0123", ":a:$DATA") +
                  block(2, b"xyz") + record(SECURITY_DATA))
        expected = [("sparse_block", 14, 14, 0), ("data", 0, 1 << 20, 2),
                    ("ea", 2, 2, 0), (":a", 4, 5, 1), ("security", 0, 0, 0)]
        self.write("f", backup)
        for result in (run("ls", "--json", "f"),
                       run("ls", "--json", data=backup)):
            self.expect(result)
            self.assertEqual(expected, [
                (o["name"], o["payload"], o["size"], o["blocks"])
                for o in objects(result)])

    def test_numbers_streams_of_one_name(self):
        backup = (record(DATA) + record(ALTERNATE_DATA, name=":a:$DATA") +
                  record(DATA) + record(ALTERNATE_DATA, name=":a:$DATA") +
                  record(ALTERNATE_DATA, name=":a#2:$DATA") + record(DATA))
        self.assertEqual(
            ["data", ":a", "data#2", ":a#2", ":a%232", "data#3"],
            [o["name"] for o in objects(run("ls", "--json", data=backup))])

    def test_shows_unknown_ids_and_attributes(self):
        backup = record(0xbac00001, b"x", attributes=0xffffffff)
        self.expect(run("ls", data=backup), out=(
            "        ID        ATTR  OFFSET  SIZE  NAME\n"
            "3133145089  0xffffffff       0     1  id_bac00001\n"))

    def test_escapes_control_characters_in_the_table_only(self):
        name = ":a\n\x1b[31m\x7f\x9bé:$DATA"
        backup = record(ALTERNATE_DATA, name=name)
        self.assertEqual(
            run("ls", data=backup).out.decode().splitlines()[1],
            r" 4   0x0       0     0  :a\012\033[31m\177\302\233é")
        self.assertEqual(
            [":a\n\x1b[31m\x7f\x9bé"],
            [o["name"] for o in objects(run("ls", "--json", data=backup))])

    def test_replaces_what_is_not_utf8_in_a_path(self):
        path = "\xe9é\U0001f4be".encode() + b"\xff\xc3"
        self.write(path, record(DATA))
        self.assertEqual(
            ["\xe9é\U0001f4be\ufffd\ufffd"],
            [o["file"] for o in objects(run("ls", "--json", path))])

    def test_lists_whole_streams_of_a_bad_file(self):
        backup = record(SECURITY_DATA, b"abc") + record(DATA, b"defg")
        self.write("f", backup[:-1])
        table = ("ID  ATTR  OFFSET  SIZE  NAME\n"
                 " 3   0x0       0     3  security\n")
        self.expect(run("ls", "f"), status=1, out=table, err=(
            "bkup: 'f': at offset 23: payload of 4 bytes passes the end of "
            "the file (have 3); it was cut short: copy it again; the streams "
            "before this offset are whole\n"))
        self.expect(run("ls", data=backup[:-1]), status=1, out=table, err=(
            "bkup: '-': at offset 23: payload of 4 bytes passes the end of "
            "the input; it was cut short: copy it again; the streams before "
            "this offset are whole\n"))

    def test_refuses_a_directory(self):
        self.expect(run("ls", "."), status=2, out="",
                    err="bkup: cannot read '.': Is a directory\n")


if __name__ == "__main__":
    main()
