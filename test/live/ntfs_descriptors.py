# SPDX-License-Identifier: BSD-2-Clause
"""Security descriptors put together by hand: [MS-DTYP] 2.4."""

import struct

OWNER_DEFAULTED, DACL_PRESENT, SACL_PRESENT = 0x0001, 0x0004, 0x0010
DACL_PROTECTED, SELF_RELATIVE = 0x1000, 0x8000
ALLOW, DENY, AUDIT, OBJECT, CALLBACK = 0, 1, 2, 5, 9
LABEL, RESOURCE = 0x11, 0x12
EVERYONE, SYSTEM = "S-1-1-0", "S-1-5-18"
ADMINISTRATORS, USERS = "S-1-5-32-544", "S-1-5-32-545"
SOMEBODY = "S-1-5-21-1004336348-1177238915-682003330-1001"
MEDIUM = "S-1-16-8192"


def sid(text):
    _, revision, authority, *parts = text.split("-")
    return (struct.pack(">BBQ", int(revision), len(parts),
                        int(authority))[:2]
            + int(authority).to_bytes(6, "big")
            + b"".join(struct.pack("<I", int(part)) for part in parts))


def ace(type_, mask, who, flags=0, data=b"", before=b""):
    """data: after the SID, to a multiple of 4; before: between mask and
    SID."""
    body = struct.pack("<I", mask) + before + sid(who) + data
    body += bytes(-len(body) % 4)
    return struct.pack("<BBH", type_, flags, 4 + len(body)) + body


def acl(*aces, revision=2):
    body = b"".join(aces)
    return struct.pack("<BBHHH", revision, 0, 8 + len(body), len(aces),
                       0) + body


def claim(name, *values):
    """Strings: CLAIM_SECURITY_ATTRIBUTE_RELATIVE_V1, [MS-DTYP] 2.4.10.1."""
    texts = [(text + "\0").encode("utf-16-le") for text in (name, *values)]
    at = 16 + 4 * len(values)
    offsets = []
    for text in texts:
        offsets.append(at)
        at += len(text)
    return struct.pack("<IHHII", offsets[0], 3, 0, 0, len(values)) \
        + struct.pack(f"<{len(values)}I", *offsets[1:]) + b"".join(texts)


def descriptor(dacl=None, sacl=None, control=None, owner=ADMINISTRATORS,
               group=SYSTEM, order="ogsd"):
    """order: which part comes after which. Without control, what is there is
    present."""
    parts = {"o": sid(owner), "g": sid(group), "s": sacl, "d": dacl}
    if control is None:
        control = (SACL_PRESENT if sacl else 0) | (DACL_PRESENT if dacl else 0)
    offsets, at, body = dict.fromkeys("ogsd", 0), 20, b""
    for part in order:
        if parts[part] is not None:
            offsets[part] = at
            body += parts[part]
            at += len(parts[part])
    return struct.pack("<BBHIIII", 1, 0, control | SELF_RELATIVE,
                       *[offsets[part] for part in "ogsd"]) + body


DACL = acl(ace(DENY, 0x2, USERS), ace(ALLOW, 0x1f01ff, ADMINISTRATORS, 3),
           ace(ALLOW, 0x1200a9, SOMEBODY, 3))
GUID = bytes(range(0x10, 0x20))
RESOURCES = ace(RESOURCE, 0, EVERYONE, 0,
                claim("Project", "Windows", "Líf"))

# Names of files, and what they get.
DESCRIPTORS = {
    "plain": descriptor(DACL),
    "audited": descriptor(DACL, acl(ace(AUDIT, 0x10116, EVERYONE, 0xc0))),
    "labelled": descriptor(DACL, acl(ace(LABEL, 3, MEDIUM))),
    "resources": descriptor(DACL, acl(RESOURCES)),
    "all of it": descriptor(
        DACL, acl(ace(AUDIT, 0x10116, EVERYONE, 0xc0), RESOURCES,
                  ace(LABEL, 1, MEDIUM))),
    "null DACL": descriptor(control=DACL_PRESENT),
    "no DACL": descriptor(control=0),
    "empty DACL": descriptor(acl()),
    "DACL first": descriptor(DACL, order="dogs"),
    "SACL last": descriptor(DACL, acl(ace(LABEL, 3, MEDIUM)), order="odgs"),
    "protected": descriptor(DACL, control=DACL_PRESENT | DACL_PROTECTED),
    "objects": descriptor(acl(
        ace(OBJECT, 0x100, SOMEBODY, before=struct.pack("<I", 1) + GUID),
        revision=4)),
    "conditional": descriptor(acl(
        ace(CALLBACK, 0x1200a9, EVERYONE,
            data=b"artx\xf8" + struct.pack("<I", 2) + b"x\0\x87\0\0\0"))),
    "many entries": descriptor(acl(
        *[ace(ALLOW, 0x1200a9, f"S-1-5-21-1-2-3-{i}") for i in range(1000)])),
}
