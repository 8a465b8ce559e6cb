#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What bkup-names(7) says of names is what the tool does."""

import json
import os
import re

from cli_support import Case, main, record, run, TESTS

PAGE = os.path.join(os.path.dirname(TESTS), "src", "bkup", "bkup-names.7")
KIND = re.compile(r"^\.It Li (\S+) Ta (\d+) [A-Z_]+$", re.MULTILINE)
NAME = re.compile(r"^\.It (?:Li (\S+)|empty) Ta Li (\S+)$", re.MULTILINE)


def page():
    with open(PAGE, encoding="utf-8") as file:
        return file.read()


class NamesPage(Case):
    def children(self, *records):
        result = run("ls", "--json", data=b"".join(records))
        self.expect(result)
        return [json.loads(line)["name"] for line in result.out.splitlines()]

    def test_tells_the_child_of_each_kind_of_stream(self):
        rows = KIND.findall(page())
        self.assertEqual(len(rows), 10)
        for child, number in rows:
            # A block is a stream only where none precedes it.
            payload = bytes(8) if number == "9" else b""
            self.assertEqual(self.children(record(int(number), payload)),
                             [child])

    def test_tells_the_child_of_each_name(self):
        rows = NAME.findall(page().partition(".Ss Escapes")[0])
        self.assertEqual(len(rows), 10)
        for name, child in rows:
            records = [record(4, name=name)]
            if child.endswith("#2") or child.endswith("%232"):
                records.insert(0, record(4, name=name.replace("#2", "")))
            self.assertEqual(self.children(*records)[-1], child)

    def test_numbers_what_has_the_same_name(self):
        self.assertEqual(
            self.children(*3 * [record(4, name=":x:$DATA")]),
            [":x", ":x#2", ":x#3"])

    def test_cuts_long_names(self):
        name, = self.children(record(4, name=":" + 400 * "\u20ac" + ":$DATA"))
        self.assertRegex(name, r"^:\u20ac+%~[0-9A-F]{32}$")
        self.assertLessEqual(len(name.encode()), 1000)


if __name__ == "__main__":
    main()
