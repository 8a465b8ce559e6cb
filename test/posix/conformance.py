#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does every call do what it does on ext4? README.md says what is done, and that
of the project what differs."""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)

import script_attributes
import script_files
import script_modes
import script_readonly
import script_rename
import script_tree
from mountcase import MountCase, main
from posix_compare import Comparison, tell
from posix_differences import DECLARED, in_readme
from posix_sides import Prepared, Side, filesystem_of

README = os.path.join(HERE, "..", "..", "README.md")
SHOWN = 50  # differences


def tree_scripts():
    for part in (script_tree, script_rename, script_attributes):
        yield from part.scripts()


def file_scripts(kind, a, b):
    yield from script_files.scripts(kind, a, b)
    yield from script_rename.of_files(kind, a, b)
    yield from script_attributes.file_scripts(kind, a, b)
    yield from script_modes.scripts(kind, a, b)


class Conformance(MountCase):
    def setUp(self):
        super().setUp()
        self.reference = self.directory("reference")
        self.comparison = Comparison(DECLARED)

    def compare(self, ours, theirs, scripts):
        """Takes steps on two sides, which are left alone after that."""
        comparison = self.comparison.between(ours, theirs)
        try:
            for script in scripts:
                comparison.run(script)
        finally:
            ours.end()
            theirs.end()

    def compare_mounted(self, scripts):
        """On a mount of its own: what it opened must not pile up."""
        mount = self.mount()
        self.compare(Side(self.point), Side(self.reference), scripts)
        mount.stop()

    def bind_read_only(self):
        path = self.directory("reference.ro")
        for options in (["--bind", self.reference, path],
                        ["-o", "remount,bind,ro", path]):
            subprocess.run(["mount", *options], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)
        return path

    def compare_read_only(self):
        self.compare_mounted([script_readonly.preparation("data")])
        name = f"{self.comparison.scripts:05}"
        mount = self.mount("-o", "ro")
        self.compare(Prepared(os.path.join(self.point, name)),
                     Prepared(os.path.join(self.bind_read_only(), name)),
                     script_readonly.scripts("data", ":b"))
        mount.stop()

    def test_every_call_does_what_it_does_on_ext4(self):
        self.compare_mounted(tree_scripts())
        self.compare_mounted(file_scripts("stream", "data", ":b"))
        self.compare_mounted(script_files.odd_names())
        self.compare_mounted(file_scripts("scratch", ".a", "b~"))
        self.compare_read_only()
        self.report()

    def report(self):
        done = self.comparison
        print(f"{done.scripts} scripts, {done.steps} steps, {done.compared} "
              f"comparisons with {filesystem_of(self.reference)}; declared: "
              f"{dict(sorted(done.occurred.items()))}")
        for difference in done.undeclared[:SHOWN]:
            print(tell(difference))
        self.assertEqual(len(done.undeclared), 0, "undeclared")
        self.assertEqual(done.never(), [], "declared, and did not occur")

    def test_what_is_declared_is_what_the_readme_tells(self):
        self.assertEqual(sorted(in_readme(README)), sorted(DECLARED))


if __name__ == "__main__":
    main()
