#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""NT backup files, decoded and encoded independently of the C code.

Written from the format's specification ([MS-BKUP] section 2) and from the
naming rules in include/bkup/name.h, so that the tests have a second opinion.
Standard library only; speed does not matter here.

    ntbackup.py generate SEED OUT      write a random backup file
    ntbackup.py list FILE              its streams, as a mount should show them
    ntbackup.py extract FILE CHILD     the content of one of them
    ntbackup.py compare FILE OBJECTDIR is a mounted object what FILE says?
    ntbackup.py same PATH PATH         have files, or all files of two trees, the
                                       same streams, in any order?
"""

import argparse
import os
import sys

from nt_compare import READ_AT_ONCE, compare, differences
from nt_random import generate
from nt_records import Malformed, fold, listing


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def walk(path):
    """{name below path: a file's bytes, or None for a directory}"""
    if not os.path.isdir(path):
        return {"": read_file(path)}
    found = {}
    for where, directories, files in os.walk(path):
        if ".bkupfs" in directories:
            directories.remove(".bkupfs")
        for name in directories:
            found[os.path.relpath(os.path.join(where, name), path)] = None
        for name in files:
            full = os.path.join(where, name)
            found[os.path.relpath(full, path)] = read_file(full)
    return found


def same(one, two, attributes):
    ours, theirs = walk(one), walk(two)
    faults = [f"{name}: is in one of both only"
              for name in set(ours) ^ set(theirs)]
    for name in set(ours) & set(theirs):
        if (ours[name] is None) != (theirs[name] is None):
            faults.append(f"{name}: is a directory in one of both")
        elif ours[name] is not None:
            faults += [f"{name}: {fault}" for fault in differences(
                ours[name], theirs[name], attributes)]
    for fault in sorted(faults):
        print(f"{one}, {two}: {fault}", file=sys.stderr)
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("generate")
    verb.add_argument("seed", type=int)
    verb.add_argument("out")
    verb.add_argument("--plain-names", action="store_true")
    verb.add_argument("--canonical", action="store_true")
    verbs.add_parser("list").add_argument("file")
    verb = verbs.add_parser("extract")
    verb.add_argument("file")
    verb.add_argument("child")
    verb = verbs.add_parser("compare")
    verb.add_argument("file")
    verb.add_argument("objectdir")
    verb = verbs.add_parser("same")
    verb.add_argument("one")
    verb.add_argument("two")
    verb.add_argument("--attributes", action="store_true")
    args = parser.parse_args()
    if args.verb == "generate":
        with open(args.out, "wb") as out:
            out.write(generate(args.seed, plain_names=args.plain_names,
                               canonical=args.canonical))
        return 0
    if args.verb == "same":
        return same(args.one, args.two, args.attributes)
    data = read_file(args.file)
    if args.verb == "list":
        for stream in fold(data):
            print(stream.head.id, hex(stream.head.attributes),
                  stream.head.offset, stream.size, stream.ranges(),
                  stream.child)
        return 0
    if args.verb == "extract":
        stream = listing(data)[os.fsencode(args.child)]
        for at in range(0, stream.size, READ_AT_ONCE):
            sys.stdout.buffer.write(stream.read(data, at, READ_AT_ONCE))
        return 0
    faults = compare(data, args.objectdir)
    for fault in faults:
        print(f"{args.objectdir}: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Malformed as fault:
        sys.exit(f"ntbackup.py: {fault}")
