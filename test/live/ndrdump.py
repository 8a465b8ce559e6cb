#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Backup files as Samba decodes them: its ndrdump knows the format, by the
description bkup_NTBackupFile, and prints what it finds.

Two things are done to what it is given. Samba counts the name of a stream in
units of UTF-16 where Windows counts bytes, so that sizes of names are halved.
And it prints what a descriptor or an object id says, but not its bytes: they
come from a second run, for which each record is one of DATA.

    ndrdump.py FILE
"""

import collections
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

import hexdump
from nt_ids import DATA, HEADER
from nt_records import parse

PATIENCE = 120
STREAM = re.compile(
    r"""\ +id\ +:\ \w+\ \((?P<id>-?\d+)\)\n
    \ +attribute\ +:\ \w+\ \((?P<attributes>-?\d+)\)\n
    \ +size\ +:\ 0x[0-9a-f]+\ \((?P<size>\d+)\)\n
    \ +stream_name_size\ +:\ 0x[0-9a-f]+\ \((?P<units>\d+)\)\n
    \ +stream_name\ +:\ '(?P<name>.*?)'\n
    \ +data\ +:\ union\ bkup_StreamData\(case\ -?\d+\)\n
    (?P<text>.*)""", re.VERBOSE | re.DOTALL)
START = re.compile(r"^ {12}streams: struct bkup_Win32StreamId\n", re.MULTILINE)
COUNT = re.compile(r"^ +num_stream +: 0x[0-9a-f]+ \((\d+)\)\n", re.MULTILINE)

# name: text. text: what is printed of the payload, content: its bytes.
Stream = collections.namedtuple(
    "Stream", "id attributes name size content text")


class Refused(Exception):
    """Samba does not take the bytes for a backup file."""


def for_samba(data, as_data):
    """What ndrdump is given for a backup file."""
    out = []
    for rec in parse(data):
        out += [HEADER.pack(DATA if as_data else rec.id, rec.attributes,
                            rec.size, len(rec.name) // 2),
                rec.name, data[rec.payload:rec.end]]
    return b"".join(out)


def run(data):
    with tempfile.NamedTemporaryFile(prefix="bkupfs-test.") as file:
        file.write(data)
        file.flush()
        done = subprocess.run(
            ["ndrdump", "bkupblobs", "bkup_NTBackupFile", "struct", file.name],
            check=False, capture_output=True, timeout=PATIENCE)
    text = done.stdout.decode()
    if done.returncode or not text.endswith("dump OK\n"):
        raise Refused(text + done.stderr.decode(errors="replace"))
    if "unread bytes" in text:
        raise Refused("bytes are left over")
    return text.removesuffix("dump OK\n")


def streams(text):
    """Matches of STREAM."""
    head, *parts = START.split(text)
    found = [STREAM.fullmatch(part) for part in parts]
    if not all(found) or len(found) != int(COUNT.search(head)[1]):
        raise ValueError(f"ndrdump's text is not understood: {head}")
    return found


def content(match):
    return hexdump.parse(match["text"].splitlines(), int(match["size"]))


def unsigned(text):
    """Enumerations are printed as signed."""
    return int(text) & 0xffffffff


def decode(data):
    """[Stream] of a backup file, a record each; raises Refused. Names are to
    be text without NUL, which Samba can print."""
    said = streams(run(for_samba(data, False)))
    held = streams(run(for_samba(data, True)))
    return [Stream(unsigned(match["id"]), unsigned(match["attributes"]),
                   match["name"], int(match["size"]), content(other),
                   match["text"])
            for match, other in zip(said, held, strict=True)]


def main():
    with open(sys.argv[1], "rb") as file:
        for stream in decode(file.read()):
            print(stream.id, hex(stream.attributes), repr(stream.name),
                  stream.size, stream.content[:32].hex())


if __name__ == "__main__":
    main()
