# SPDX-License-Identifier: BSD-2-Clause
"""Puts files on a share that have all that Samba keeps of Windows' metadata,
by Samba's own clients. Shares that are filled alike look alike."""

import dataclasses
import os

from samba import NTSTATUSError
from samba.dcerpc import security

from samba_share import ALL_SECURITY, DOMAIN, from_sddl

OWN = f"O:{DOMAIN}-1000G:{DOMAIN}-513"
FOREIGN = "S-1-5-21-7-8-9"
# What each kind of filesystem holds: tmpfs and xfs, btrfs, ext4.
LARGE = (65535, 16000, 8000, 3000)
DEPOT = 1 << 20
CREATED = "1999:12:31-23:59:58"
WRITTEN = "2011:02:03-04:05:06"


@dataclasses.dataclass
class Item:
    """data: None for a directory. sddl: None for what the server makes.
    attributes: letters of smbclient's setmode."""

    path: str
    data: bytes | None = b"data"
    sddl: str | None = None
    streams: dict = dataclasses.field(default_factory=dict)
    eas: dict = dataclasses.field(default_factory=dict)
    attributes: str = ""
    created: str = "2001:02:03-04:05:06"


STREAMS = {"empty": b"", "small": b"\0small\0", "one": b"\0",
           "Zone.Identifier": b"[ZoneTransfer]\r\nZoneId=3\r\n",
           "größe €\U0001f600": b"name", "with space": b"space",
           "UPPER": b"case", "n" * 200: b"long name"}
EAS = {"TEXT": b"text", "Mixed Case": b"mixed", "BINARY": bytes(range(256)),
       "ZEROS": bytes(3), "größe": "größe".encode()}
INHERITED = (OWN + "D:P(A;OICI;0x1f01ff;;;SY)(A;OICI;0x1f01ff;;;BA)"
             f"(D;OI;0x2;;;{FOREIGN}-1104)(A;CIIO;0x1200a9;;;AU)"
             "(A;OICINP;0x1301bf;;;BU)(A;OICIIO;0x1f01ff;;;CO)"
             "S:(AU;OICISAFA;0xd0116;;;WD)")
OBJECT_ACE = "(OA;;0x1;12345678-1234-1234-1234-123456789012;;BA)"
MANY_ACES = "".join(f"(A;;0x1200a9;;;{FOREIGN}-{1200 + n})" for n in range(20))

ITEMS = (
    Item("plain"),
    Item("nothing", b""),
    Item("directory", None),
    # Descriptors.
    Item("foreign owner", sddl="O:S-1-22-1-20001G:S-1-22-2-20002"
         "D:(A;;0x1f01ff;;;WD)"),
    Item("denied", sddl=OWN + f"D:PAI(D;;0x2;;;{FOREIGN}-1104)"
         "(A;;0x1f01ff;;;BA)(A;OICIID;0x1200a0;;;BU)"),
    Item("unsorted", sddl=OWN + "D:(A;;0x1f01ff;;;WD)(D;;0x2;;;BG)"),
    Item("audited", sddl=OWN + "D:(A;;0x1f01ff;;;WD)"
         f"S:AI(AU;SAFA;0x1f01ff;;;WD)(AU;IDFA;0x2;;;{FOREIGN}-1105)"),
    Item("object", sddl=OWN + "D:(A;;0x1f01ff;;;WD)" + OBJECT_ACE),
    Item("empty list", sddl=OWN + "D:P"),
    Item("many", sddl=OWN + "D:" + MANY_ACES),
    Item("inherits", None, INHERITED),
    Item("inherits/file"),
    Item("inherits/sub", None),
    Item("inherits/sub/file"),
    Item("inherits/sub/own", sddl=OWN + "D:P(A;;0x1f01ff;;;BA)"),
    # Streams and extended attributes.
    Item("streams", streams=STREAMS),
    Item("streams of a directory", None, streams=STREAMS),
    Item("streams of nothing", b"", streams={"s": b"stream"}),
    Item("eas", eas=EAS),
    Item("eas of a directory", None, eas={"TEXT": b"text"}),
    # Attributes and times.
    Item("archive", attributes="+a"),
    Item("no archive", attributes="-a"),
    Item("read-only", attributes="+r"),
    Item("hidden", attributes="+h"),
    Item("system", attributes="+s"),
    Item("most", attributes="+rsh-a"),
    Item("hidden directory", None, attributes="+hs"),
    Item("old", created=CREATED),
    Item("old directory", None, created=CREATED),
    Item("größe €.txt"),
    # All at once.
    Item("all", bytes(70000), INHERITED, {"s": b"stream", "empty": b""},
         {"TEXT": b"text"}, "+rh", CREATED),
    Item("all of a directory", None, INHERITED, {"s": b"stream"},
         {"TEXT": b"text"}, "+hs", CREATED),
)


def backslashes(path):
    return path.replace("/", "\\")


def make(share, client, item):
    path = backslashes(item.path)
    if item.data is None:
        client.mkdir(path)
    else:
        client.savefile(path, item.data)
    for name, content in item.streams.items():
        client.savefile(f"{path}:{name}", content)
    # smbclient cannot set all bytes; to Samba these are the same.
    for name, value in item.eas.items():
        os.setxattr(share.at(item.path), f"user.{name}", value)
    if item.sddl:
        client.set_acl(path, from_sddl(item.sddl), ALL_SECURITY)


def make_without_list(client):
    """No list at all: Samba's SDDL has no word for that."""
    descriptor = from_sddl(OWN)
    descriptor.type |= security.SEC_DESC_DACL_PRESENT
    client.savefile("no list", b"data")
    client.set_acl("no list", descriptor, ALL_SECURITY)


def make_large(share, sizes):
    """A file with a stream of the first of these sizes that it can have;
    returns that size."""
    for size in sizes:
        # What fails stays open as long as its connection.
        client = share.connection()
        client.savefile("large", b"data")
        try:
            client.savefile("large:stream", (b"large..\0" * size)[:size])
            return size
        except NTSTATUSError:
            os.unlink(share.at("large"))
    raise AssertionError(f"no room for streams of {sizes[-1]} bytes")


def settle(share, items):
    """Attributes and times, last: directories after what is in them."""
    commands = []
    for item in reversed(items):
        path = backslashes(item.path)
        if item.attributes:
            commands.append(f'setmode "{path}" {item.attributes}')
        commands.append(
            f'utimes "{path}" {item.created} -1 {WRITTEN} -1')
    share.smbclient(*commands)


def populate(share):
    """Fills an empty share; returns how large its largest stream is."""
    client = share.connection()
    for item in ITEMS:
        make(share, client, item)
    make_without_list(client)
    sizes = (DEPOT, *LARGE) if "streams_depot" in share.vfs else LARGE
    size = make_large(share, sizes)
    settle(share, (*ITEMS, Item("no list"), Item("large")))
    return size
