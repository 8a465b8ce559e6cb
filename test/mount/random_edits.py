#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random edits of random objects do what they do to files in a directory.

After each edit the underlying file must decode to what the edits say, and
every stream that was not edited must have kept its records byte for byte, and
its place among the others.
"""

import errno
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, main, read, write
from nt_compare import compare
from nt_names import child_name
from nt_random import Generator, generate
from nt_records import check_written, fold, listing

SEEDS = range(26)
EDITS = 12
FIXED = [b"data", b"ea", b"security", b"object_id", b"reparse", b"txfs",
         b"property", b"link", b"id_0000000c", b"id_deadbeef",
         b"ghosted_extents"]


class Editor:
    """One object: what it should hold, and random changes of it."""

    def __init__(self, case, name, seed):
        self.case = case
        self.rng = random.Random(seed)
        self.names = Generator(seed + 5000, plain_names=True)
        self.name = name
        data = self.data()
        self.content = {child: stream.content(data)
                        for child, stream in listing(data).items()}

    def data(self):
        return read(self.case.under(self.name))

    def path(self, child):
        return self.case.at(self.name.encode(), child)

    def editable(self):
        """Children whose names do not depend on other children."""
        doubles = {child.rpartition(b"#")[0] for child in self.content
                   if child.rpartition(b"#")[2].isdigit()}
        return sorted(child for child in self.content
                      if child not in doubles and b"%~" not in child
                      and not child.rpartition(b"#")[2].isdigit()
                      and not child.startswith(b"sparse_block"))

    def new_name(self):
        name = self.rng.choice(
            [self.rng.choice(FIXED),
             child_name(4, self.names.raw_name())])
        return name if name not in self.content else b":new-%d" % len(
            self.content)

    def bytes(self):
        size = self.rng.choice([0, 1, 100, 5000, self.rng.randrange(300000)])
        return self.rng.randbytes(size)

    # Each edit returns the children that it may have changed.

    def create(self):
        child, content = self.new_name(), self.bytes()
        if self.rng.randrange(2):
            write(self.path(child), content)
        else:
            write(self.path(b".scratch"), content)
            os.rename(self.path(b".scratch"), self.path(child))
        self.content[child] = content
        return {child}

    def replace(self, child):
        content = self.bytes()
        if self.rng.randrange(2):
            write(self.path(child), content)
        else:
            write(self.path(b".scratch~"), content)
            os.rename(self.path(b".scratch~"), self.path(child))
        self.content[child] = content
        return {child}

    def patch(self, child):
        """Writes within a stream, or beyond its end."""
        old, new = self.content[child], self.bytes()
        at = self.rng.randrange(len(old) + 300000)
        fd = os.open(self.path(child), os.O_RDWR)
        try:
            while new and self.rng.randrange(4):
                written = os.pwrite(fd, new, at)
                self.case.assertEqual(written, len(new))
                old = old[:at].ljust(at, b"\0") + new + old[at + len(new):]
                self.case.assertEqual(os.pread(fd, len(new), at), new)
                at = self.rng.randrange(len(old) + 300000)
        finally:
            os.close(fd)
        self.content[child] = old
        return {child}

    def append(self, child):
        new = self.bytes()
        with open(self.path(child), "ab") as file:
            file.write(new)
        self.content[child] += new
        return {child}

    def truncate(self, child):
        old = self.content[child]
        size = self.rng.choice([0, len(old) // 2, len(old) + 1,
                                len(old) + 200000])
        os.truncate(self.path(child), size)
        self.content[child] = old[:size].ljust(size, b"\0")
        return {child}

    def remove(self, child):
        os.unlink(self.path(child))
        del self.content[child]
        return {child}

    def rename(self, child):
        target = self.new_name()
        if self.rng.randrange(3) == 0:
            target = self.rng.choice(self.editable())
        try:
            os.rename(self.path(child), self.path(target))
        except OSError as error:
            # Holes can only be where both ids allow them; mv would copy.
            self.case.assertEqual(error.errno, errno.EXDEV)
            self.case.assertTrue(self.has_holes(child), (child, target))
            self.case.assertFalse(target == b"data" or target[:1] in b":%")
            return set()
        self.content[target] = self.content.pop(child)
        return {child, target}

    def has_holes(self, child):
        return len(listing(self.data())[child].records) > 1

    def edit(self):
        children = self.editable()
        edits = [self.create]
        if children:
            child = self.rng.choice(children)
            edits += [lambda edit=edit: edit(child) for edit in (
                self.replace, self.patch, self.append, self.truncate,
                self.remove, self.rename)]
        return self.rng.choice(edits)()

    def check(self, before, touched, what):
        """The file holds what it should, and nothing else has moved."""
        after = self.data()
        self.check_shape(before, after, touched, what)
        found = {child: stream.content(after)
                 for child, stream in listing(after).items()}
        self.case.assertEqual(sorted(found), sorted(self.content), what)
        for child, content in self.content.items():
            self.case.assertTrue(found[child] == content, (what, child))
        self.case.assertTrue(self.untouched(before, touched)
                             == self.untouched(after, touched), what)

    def check_shape(self, before, after, touched, what):
        """What was written new has the shape that is promised.

        What only got another name may keep its blocks as they were, but must
        still obey the order of the format.
        """
        old, new = listing(before), listing(after)
        rewritten = {
            child for child in touched & set(new)
            if child in old and len(touched) == 1
            and old[child].content(before) != new[child].content(after)}
        faults = check_written(after, touched)
        self.case.assertEqual(
            [fault for fault in faults if "after" in fault], [], what)
        self.case.assertEqual(check_written(after, rewritten), [], what)

    @staticmethod
    def untouched(data, touched):
        return [(stream.child, [rec.bytes(data) for rec in stream.records])
                for stream in fold(data) if stream.child not in touched]


class RandomEdits(MountCase):
    def run_edits(self, *options):
        for seed in SEEDS:
            self.put(f"F{seed}", generate(seed))
        self.mount(*options)
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.run_seed(seed)

    def run_seed(self, seed):
        editor = Editor(self, f"F{seed}", seed)
        for step in range(EDITS):
            before = editor.data()
            touched = editor.edit()
            what = (seed, step, touched)
            editor.check(before, touched, what)
            for child in touched & set(editor.content):
                self.assertTrue(read(editor.path(child))
                                == editor.content[child], what)
        self.assertEqual(compare(editor.data(), self.at(editor.name)), [])

    def test_edits(self):
        self.run_edits()
        self.remount()
        for seed in SEEDS:
            self.assertEqual(compare(read(self.under(f"F{seed}")),
                                     self.at(f"F{seed}")), [], seed)

    def test_removing_everything(self):
        """Whatever an object holds, rm -r takes it away."""
        for seed in SEEDS:
            self.put(f"F{seed}", generate(seed))
        self.mount()
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.run_tool("rm", "-r", self.at(f"F{seed}"))
                self.assertFalse(os.path.lexists(self.under(f"F{seed}")))
        self.assertEqual(os.listdir(self.point), [])

    def test_rewriting_in_canonical_order(self):
        """-o order=canonical sorts, and loses nothing."""
        self.put("F", generate(6, canonical=True, plain_names=True))
        self.mount("-o", "order=canonical")
        for child in (b":last", b"ea", b"data", b"reparse", b"security"):
            write(self.at("F", child), child)
        order = {3: 0, 8: 1, 1: 2, 2: 3, 4: 4}
        found = [order.get(stream.head.id, 5)
                 for stream in fold(read(self.under("F")))]
        self.assertEqual(found, sorted(found))
        self.assertEqual(compare(read(self.under("F")), self.at("F")), [])
        for child in (b":last", b"ea", b"data", b"reparse", b"security"):
            self.assertEqual(read(self.at("F", child)), child)


if __name__ == "__main__":
    main()
