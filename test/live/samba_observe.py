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


def look(share, client, path):
    """Everything about a file or directory but the times that reading and
    restoring set."""
    name = backslashes(path)
    text = share.smbclient(f'geteas "{name}"', f'allinfo "{name}"')
    eas, info = re.split(r"^altname:", text, maxsplit=1, flags=re.MULTILINE)
    found = dict(LINE.findall(info))
    for stream, size in STREAM.findall(info):
        content = client.loadfile(name + stream)
        found[f"stream {stream}"] = content
        if len(content) != int(size):
            found[f"size of {stream}"] = size
    for ea, flags, dump in EA.findall(eas):
        found[f"ea {ea}"] = (int(flags), hexdump.parse(dump.splitlines()))
    found["descriptor"] = to_bytes(client.get_acl(name, ALL_SECURITY)).hex()
    found["acl"] = share.smbcacls(
        path, "--numeric", f"--query-security-info={ALL_SECURITY}")
    return found


def observe(share):
    """{path: {what: value}} of all on a share: attributes, create_time,
    write_time, descriptor (hexadecimal), acl (as smbcacls says), `stream
    :NAME:TYPE` with its content, `ea NAME` with flags and value."""
    client = share.connection()
    found = {}
    for path, is_directory in names(client):
        found[path] = look(share, client, path)
        found[path]["is"] = "directory" if is_directory else "file"
    return found


def short(value):
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)})"


def differences(one, two):
    """Between two that observe() returned, a text each."""
    faults = [f"{path}: only in one" for path in set(one) ^ set(two)]
    for path in set(one) & set(two):
        for what in set(one[path]) | set(two[path]):
            left, right = one[path].get(what), two[path].get(what)
            if left != right:
                faults.append(
                    f"{path}: {what}: {short(left)}, {short(right)}")
    return sorted(faults)


def blobs(path):
    """{name: value} of the extended attributes that a file really has."""
    return {name: os.getxattr(path, name, follow_symlinks=False)
            for name in os.listxattr(path, follow_symlinks=False)}
