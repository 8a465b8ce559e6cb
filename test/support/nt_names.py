# SPDX-License-Identifier: BSD-2-Clause
"""Child names, by the rules in include/bkup/name.h and not by its code."""

import re
import struct

from nt_ids import (
    ALTERNATE_DATA, DATA, EA_DATA, GHOSTED_FILE_EXTENTS, LINK, OBJECT_ID,
    PROPERTY_DATA, REPARSE_DATA, SECURITY_DATA, SPARSE_BLOCK, TXFS_DATA)
from xxh3 import xxh3_128

CHILD_BASE_MAX = 1000
CHILD_NAMES = {
    DATA: "data",
    EA_DATA: "ea",
    SECURITY_DATA: "security",
    ALTERNATE_DATA: "",
    LINK: "link",
    PROPERTY_DATA: "property",
    OBJECT_ID: "object_id",
    REPARSE_DATA: "reparse",
    SPARSE_BLOCK: "sparse_block",
    TXFS_DATA: "txfs",
    GHOSTED_FILE_EXTENTS: "ghosted_extents",
}


def utf16(text):
    return text.encode("utf-16-le", "surrogatepass")


def _characters(raw):
    """Code points of UTF-16LE; unpaired surrogates stay as they are."""
    units = struct.unpack(f"<{len(raw) // 2}H", raw)
    points = []
    i = 0
    while i < len(units):
        unit = units[i]
        if 0xD800 <= unit < 0xDC00 and i + 1 < len(units) \
                and 0xDC00 <= units[i + 1] < 0xE000:
            points.append(0x10000 + ((unit - 0xD800) << 10)
                          + (units[i + 1] - 0xDC00))
            i += 2
        else:
            points.append(unit)
            i += 1
    return points


def _escape(point):
    """The escaped form of any character."""
    if point < 0x80:
        return "%%%02X" % point
    if point < 0x10000:
        return "%%u%04X" % point
    point -= 0x10000
    return "%%u%04X%%u%04X" % (0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF))


def _is_ordinal(digits):
    return digits.isascii() and digits.isdigit() and digits[0] != "0" \
        and digits != "1"


def _strip_type(points):
    """`:x` for `:x:$DATA`; None where the name has no such form."""
    kind = [ord(c) for c in ":$DATA"]
    colon = ord(":")
    if points[0] != colon or colon not in points[1:]:
        return None
    middle = points[1:-len(kind)]
    if len(points) > len(kind) and points[-len(kind):] == kind \
            and colon not in middle:
        return points[:-len(kind)]
    return points


def _suffix_pieces(raw):
    """The suffix, as a list of characters or escapes."""
    points = _characters(raw)
    shown = _strip_type(points)
    escape_first = shown is None
    if escape_first:
        shown = points
    pieces = []
    for i, point in enumerate(shown):
        special = point in (0, ord("/"), ord("%")) or 0xD800 <= point < 0xE000
        if special or (escape_first and i == 0):
            pieces.append(_escape(point))
        else:
            pieces.append(chr(point))
    if pieces[-1] == "~":
        pieces[-1] = "%7E"
    text = "".join(pieces)
    head, mark, tail = text.rpartition("#")
    if mark and _is_ordinal(tail or "0"):
        at = len(pieces) - len(tail) - 1
        assert pieces[at] == "#", head
        pieces[at] = "%23"
    return pieces


def child_name(sid, raw, ordinal=1):
    """The child name of a stream, as bytes."""
    base = CHILD_NAMES.get(sid, "id_%08x" % sid)
    if raw:
        pieces = list(base) + _suffix_pieces(raw)
    else:
        pieces = ["%"] if sid == ALTERNATE_DATA else list(base)
    name = "".join(pieces).encode()
    if len(name) > CHILD_BASE_MAX:
        digest = "%~" + "%032X" % xxh3_128(raw)
        room = CHILD_BASE_MAX - len(digest)
        name = b""
        for piece in pieces:
            if len(name) + len(piece.encode()) > room:
                break
            name += piece.encode()
        name += digest.encode()
    if ordinal > 1:
        name += b"#%d" % ordinal
    return name


_TOKEN = re.compile(r"%u([0-9A-F]{4})|%([0-9A-F]{2})|([^%])", re.DOTALL)


def _unescape(text):
    """UTF-16LE of a suffix, or None where an escape is none."""
    raw, at = b"", 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        unit, byte, plain = token.groups()
        if plain:
            raw += utf16(plain)
        else:
            raw += struct.pack("<H", int(unit or byte, 16))
        at = token.end()
    return raw


def parse_child(name):
    """(id, raw, ordinal) of a child name, or None if it is no stream's."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return None
    ordinal = 1
    head, mark, tail = text.rpartition("#")
    if mark and tail and _is_ordinal(tail):
        text, ordinal = head, int(tail)
    for sid, base in [*CHILD_NAMES.items(), (None, "id_")]:
        if sid == ALTERNATE_DATA or not text.startswith(base):
            continue
        rest = text[len(base):]
        if sid is None:
            if not re.match("[0-9a-f]{8}", rest):
                return None
            sid, rest = int(rest[:8], 16), rest[8:]
        if not rest or rest[0] in ":%":
            break
    else:
        sid, rest = ALTERNATE_DATA, text
        if rest == "%":
            return sid, b"", ordinal
    raw = _unescape(rest)
    if raw is None:
        return None
    if rest.startswith(":") and ":" not in rest[1:]:
        raw += utf16(":$DATA")
    if child_name(sid, raw, ordinal) != name:
        return None
    return sid, raw, ordinal


def is_scratch(name):
    return name[:1] == b"." or name[-1:] == b"~" \
        or (name[:3] == b"sed" and len(name) == 9)
