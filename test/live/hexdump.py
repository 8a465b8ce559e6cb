# SPDX-License-Identifier: BSD-2-Clause
"""Dumps of bytes as Samba's programs print them:

    [0000] 68 65 6C 6C 6F                                      hello
    skipping zero buffer bytes

A line has up to 16 bytes, and then text, which may look like bytes; what is
left out is zero.
"""

import re

LINE = re.compile(r"\[([0-9A-F]{4,})\] (?=[0-9A-F]{2} )")
COLUMNS = 49


def parse(lines, size=None):
    """The bytes of a dump. size: how many there are, if zeros at the end may
    be left out; whatever is not of a dump is passed over."""
    found = bytearray(size or 0)
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        piece = bytes.fromhex(line[match.end():][:COLUMNS])
        at = int(match[1], 16)
        if size is None:
            found.extend(bytes(max(0, at + len(piece) - len(found))))
        if at + len(piece) > len(found):
            raise ValueError(f"bytes up to {at + len(piece)} of {len(found)}")
        found[at:at + len(piece)] = piece
    return bytes(found)
