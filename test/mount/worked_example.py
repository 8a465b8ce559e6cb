#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The worked example of [MS-BKUP] section 3 comes out byte for byte."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, main, read, write

EXAMPLE = read(os.path.join(os.path.dirname(__file__), "..", "data",
                            "nt-backup", "ms-bkup-section3-example.bin"))
SECURITY = EXAMPLE[20:20 + 0xBC]
CHILDREN = {"security": SECURITY, "data": b"Unnamed Stream",
            ":stream1": b"This is stream1"}


class WorkedExample(MountCase):
    def setUp(self):
        super().setUp()
        self.assertEqual(len(EXAMPLE), 305)
        self.mount()
        os.mkdir(self.at("F"))
        for child, content in CHILDREN.items():
            write(self.at("F", child), content)

    def check(self):
        self.assertEqual(read(self.under("F")), EXAMPLE)

    def test_written_in_order(self):
        self.check()
        self.remount()
        self.check()
        for child, content in CHILDREN.items():
            self.assertEqual(read(self.at("F", child)), content)

    def test_growing_and_shrinking_data(self):
        write(self.at("F", "data"), b"x" * 1000000)
        self.assertEqual(len(read(self.under("F"))), 305 + 1000000 - 14)
        write(self.at("F", "data"), b"Unnamed Stream")
        self.check()
        with open(self.at("F", "data"), "ab") as data:
            data.write(b" and more")
        os.truncate(self.at("F", "data"), 14)
        self.check()
        os.truncate(self.at("F", "data"), 3)
        with open(self.at("F", "data"), "r+b") as data:
            data.seek(3)
            data.write(b"amed Stream")
        self.check()

    def test_adding_renaming_and_removing(self):
        write(self.at("F", ":another"), b"y" * 100)
        os.rename(self.at("F", ":another"), self.at("F", ":renamed"))
        write(self.at("F", "ea"), b"z" * 5)
        os.unlink(self.at("F", ":renamed"))
        os.unlink(self.at("F", "ea"))
        self.check()

    def test_renaming_there_and_back(self):
        os.rename(self.at("F", ":stream1"), self.at("F", ":a longer name"))
        self.assertIn(b":a longer name", self.streams("F"))
        os.rename(self.at("F", ":a longer name"), self.at("F", ":stream1"))
        self.check()

    def test_all_of_it(self):
        self.test_growing_and_shrinking_data()
        self.test_adding_renaming_and_removing()
        self.test_renaming_there_and_back()
        self.test_written_in_order()


if __name__ == "__main__":
    main()
