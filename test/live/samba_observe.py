# SPDX-License-Identifier: BSD-2-Clause
"""What a share looks like to Samba's clients, and what lies below it."""

import os
import re

import hexdump
from samba_populate import backslashes
from samba_share import ALL_SECURITY, to_bytes

# Of the server: streams_depot keeps its streams there.
DEPOT = ".streams"
LINE = re.compile(r"^(create_time|write_time|attributes): +(.*)$",
                  re.MULTILINE)
STREAM = re.compile(r"^stream: \[(.*)\], (-?\d+) bytes$", re.MULTILINE)
EA = re.compile(r"^(.*) \((\d+)\) =\n((?:\[.*\n)*)", re.MULTILINE)
DIRECTORY = 0x10
SHOWN = 100


def names(client, path=""):
    """(path, is it a directory) of all on a share, sorted."""
    for entry in sorted(client.list(backslashes(path) or "\\"),
                        key=lambda entry: entry["name"]):
        name = os.path.join(path, entry["name"])
        if name == DEPOT:
            continue
        is_directory = bool(entry["attrib"] & DIRECTORY)
        yield name, is_directory
        if is_directory:
            yield from names(client, name)


def tell(share, paths):
    """What smbclient says of each."""
    commands = []
    for path in paths:
        name = backslashes(path)
        commands += [f'allinfo "{name}"', f'geteas "{name}"']
    # geteas fails where there are none.
    text = share.smbclient(*commands, "pwd")
    told = re.split("^altname:", text, flags=re.MULTILINE)[1:]
    return dict(zip(paths, told, strict=True))


def look(share, client, path, told):
    """Everything about a file or directory but the times that reading and
    restoring set."""
    name = backslashes(path)
    found = dict(LINE.findall(told))
    for stream, size in STREAM.findall(told):
        content = client.loadfile(name + stream)
        found[f"stream {stream}"] = content
        if len(content) != int(size):
            found[f"size of {stream}"] = size
    for ea, flags, dump in EA.findall(told):
        found[f"ea {ea}"] = (int(flags), hexdump.parse(dump.splitlines()))
    found["descriptor"] = to_bytes(client.get_acl(name, ALL_SECURITY)).hex()
    found["acl"] = share.smbcacls(
        path, "--numeric", f"--query-security-info={ALL_SECURITY}")
    return found


def observe(share):
    """{path: {what: value}} of all on a share but its top: attributes,
    create_time, write_time, descriptor (hexadecimal), acl (as smbcacls says),
    `stream :NAME:TYPE` with its content, `ea NAME` with flags and value."""
    client = share.connection()
    kinds = dict(names(client))
    told = tell(share, list(kinds))
    found = {}
    for path, is_directory in kinds.items():
        found[path] = look(share, client, path, told[path])
        found[path]["is"] = "directory" if is_directory else "file"
    return found


def short(value):
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)})"


def differences(one, two):
    """Between two that observe() returned: [(path, what, its value in one, in
    two)], sorted; `is` is what differs for what is in one only."""
    faults = []
    for path in set(one) | set(two):
        left, right = one.get(path, {}), two.get(path, {})
        whats = {"is"} if not left or not right else set(left) | set(right)
        faults += [(path, what, short(left.get(what)), short(right.get(what)))
                   for what in whats if left.get(what) != right.get(what)]
    return sorted(faults)


def blobs(path):
    """{name: value} of the extended attributes that a file really has."""
    return {name: os.getxattr(path, name, follow_symlinks=False)
            for name in os.listxattr(path, follow_symlinks=False)}
