# SPDX-License-Identifier: BSD-2-Clause
"""Renames: of every node onto every other, of files, with every flag."""

import os
from itertools import product

from posix_compare import Script
from posix_users import COMMON, MEMBER, OTHER, OWNER, ROOT, Fd
from script_files import setup
from script_tree import KIND, make

NOREPLACE, EXCHANGE, WHITEOUT = 1, 2, 4
F = Fd("f")


def of_nodes():
    nodes = ("nothing", "directory", "full", "fifo", "link", "socket",
             "character")
    for one, two, flags in product(nodes, nodes, (
            0, NOREPLACE, EXCHANGE, WHITEOUT, NOREPLACE | EXCHANGE, 8,
            EXCHANGE | WHITEOUT)):
        yield Script(KIND, f"rename {one} to {two} {flags}", [
            *make(one, "one"), *make(two, "two"),
            ROOT.renameat2("one", "two", flags), ROOT.lstat("two")])
    yield Script(KIND, "rename into itself", [
        *make("full", "d"), ROOT.rename("d", "d/in/x"),
        ROOT.rename("d", "d/x"), ROOT.rename("d/in", "d"),
        ROOT.rename("d", "d"), ROOT.rename("d/in", "d/in"),
        ROOT.renameat2("d", "d/in", EXCHANGE),
        ROOT.renameat2("d/in", "d", EXCHANGE),
        ROOT.renameat2("d", "d", NOREPLACE)])


def by_users():
    """Moving a directory changes its .., which its mode must let."""
    for user, mode, flags in product(COMMON, (0o755, 0o775, 0o777, 0o555),
                                     (0, EXCHANGE)):
        yield Script(KIND, f"move a directory {mode:o}", [
            ROOT.mkdir("a"), ROOT.mkdir("b"), ROOT.chmod("a", 0o777),
            ROOT.chmod("b", 0o777), OWNER.mkdir("a/d"),
            ROOT.chmod("a/d", mode), user.mkdir("b/d"),
            user.renameat2("a/d", "a/e", 0), user.renameat2("a/e", "b/d",
                                                            flags)])
        yield Script(KIND, f"move out of {mode:o}", [
            OWNER.mkdir("a"), OWNER.mkdir("a/d"), ROOT.chmod("a", mode),
            user.mkdir("d"), user.renameat2("a/d", "d", flags)])


def of_files(kind, a, b):
    """a exists and b does not, at first."""
    for flags in (0, NOREPLACE, EXCHANGE, WHITEOUT, NOREPLACE | EXCHANGE, 8):
        yield Script(kind, f"rename to nothing {flags}", [
            *setup(a), OWNER.renameat2(f"o/{a}", f"o/{b}", flags),
            OWNER.stat(f"o/{b}"), OWNER.stat(f"o/{a}")])
        yield Script(kind, f"rename to another {flags}", [
            *setup(a), OWNER.put(f"o/{b}", b"longer"),
            OWNER.renameat2(f"o/{a}", f"o/{b}", flags),
            OWNER.hold("f", f"o/{b}", os.O_RDONLY), OWNER.read(F, 9),
            OWNER.stat(f"o/{b}"), OWNER.stat(f"o/{a}")])
        yield Script(kind, f"rename to itself {flags}", [
            *setup(a), OWNER.renameat2(f"o/{a}", f"o/{a}", flags)])
        yield Script(kind, f"rename what is not there {flags}", [
            *setup(a), OWNER.renameat2(f"o/{b}", f"o/{a}", flags)])
        yield Script(kind, f"rename into a directory {flags}", [
            *setup(a), OWNER.mkdir("d"),
            OWNER.renameat2(f"o/{a}", f"d/{b}", flags)])
        yield Script(kind, f"rename over a directory {flags}", [
            *setup(a), OWNER.mkdir("d"),
            OWNER.renameat2(f"o/{a}", "d", flags)])
        yield Script(kind, f"rename to another's {flags}", [
            *setup(a), OWNER.mkdir("p"), OWNER.put(f"p/{a}", b"other"),
            OWNER.renameat2(f"o/{a}", f"p/{b}", flags)])
        yield Script(kind, f"rename the directory {flags}", [
            *setup(a), OWNER.renameat2("o", "p", flags),
            OWNER.hold("f", f"p/{a}", os.O_RDONLY), OWNER.read(F, 9)])
        yield Script(kind, f"rename the directory over one {flags}", [
            *setup(a), OWNER.mkdir("p", 0o755),
            OWNER.renameat2("o", "p", flags), OWNER.stat(f"p/{a}")])
        yield Script(kind, f"rename the directory over a full one {flags}", [
            *setup(a), OWNER.mkdir("p", 0o755), OWNER.put(f"p/{a}", b"other"),
            OWNER.renameat2("o", "p", flags), OWNER.stat(f"p/{a}")])
        yield Script(kind, f"rename a directory over it {flags}", [
            *setup(a), OWNER.mkdir("p", 0o755),
            OWNER.renameat2("p", "o", flags), OWNER.stat(f"p/{a}")])
    for user, mode in product((OWNER, MEMBER, OTHER), (0o755, 0o775, 0o777)):
        yield Script(kind, f"rename by {user} in {mode:o}", [
            *setup(a), ROOT.chmod("o", mode),
            user.rename(f"o/{a}", f"o/{b}")])
    yield Script(kind, "rename while it is open", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.write(F, b"HE"), OWNER.rename(f"o/{a}", f"o/{b}"),
        OWNER.write(F, b"LL"), OWNER.fstat(F), OWNER.pread(F, 9, 0),
        OWNER.close(F), OWNER.hold("f", f"o/{b}", os.O_RDONLY),
        OWNER.read(F, 9), OWNER.stat(f"o/{a}")])


def scripts():
    yield from of_nodes()
    yield from by_users()
