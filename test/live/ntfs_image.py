# SPDX-License-Identifier: BSD-2-Clause
"""What ntfsinfo and ntfscat see in the image of a volume, unmounted."""

import os
import re
import struct
import subprocess

PATIENCE = 120
# One cannot read them by name, or they follow from the others: of indexes,
# lists of attributes, bitmaps and the length of EAs.
FOLLOWING = (0x20, 0x90, 0xa0, 0xb0, 0xd0)
STANDARD, NAME, OBJECT_ID, SECURITY = 0x10, 0x30, 0x40, 0x50
DATA, INDEX_ROOT, REPARSE, EA = 0x80, 0x90, 0xc0, 0xe0
KINDS = {OBJECT_ID: "object id", REPARSE: "reparse", EA: "ea"}
SECURE = 9
SDS_BLOCK = 256 << 10
SPARSE = 0x8000
# An entry of the index of object ids: 16 bytes that it is found by, then a
# file and the rest of its identifiers.
OBJECT_ENTRY = re.compile(
    rb"\x20\0\x38\0\0{4}\x58\0\x10\0.{4}(.{16}).{8}(.{48})", re.S)
HEAD = re.compile(rb"^Dumping attribute .*\((0x[0-9a-f]+)\) from mft record",
                  re.M)


def environment():
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          timeout=PATIENCE, env=environment()).stdout


def audit(image):
    """What ntfssecaudit finds wrong with the security of a volume."""
    done = subprocess.run(["ntfssecaudit", "-a", image], check=False,
                          capture_output=True, timeout=PATIENCE,
                          env=environment())
    said = done.stdout.decode(errors="replace")
    return [] if "No errors were found" in said else said.splitlines()


class Attribute:
    """One of a record, as ntfsinfo tells of it."""

    def __init__(self, type_, text):
        self.type, self.text = type_, text
        named = re.search(rb"^\tAttribute name:\t\t '(.*)'$", text, re.M)
        self.name = os.fsdecode(named[1]) if named else ""
        self.size = self.number(rb"Data size")
        self.flags = self.number(rb"Attribute flags")

    def number(self, what, default=None):
        found = re.search(rb"^\t" + what + rb":?\s+(0x[0-9a-f]+|\d+)",
                          self.text, re.M)
        return int(found[1], 0) if found else default

    def is_first(self):
        """Not the rest of a long one, in another record."""
        return not self.number(rb"Lowest VCN", 0)

    def stored(self):
        """What a sparse one takes of the volume; others take their size."""
        if self.flags & SPARSE:
            return self.number(rb"Compressed size")
        return "all of it"


class Image:
    def __init__(self, path):
        self.path = path
        self.descriptors = dict(self.shared_descriptors())
        self.births = dict(self.object_index())

    def attributes(self, record):
        said = run("ntfsinfo", "-v", "-i", str(record), self.path)
        parts = HEAD.split(said)[1:]
        found = [Attribute(int(type_, 16), text)
                 for type_, text in zip(parts[::2], parts[1::2])]
        return [each for each in found if each.is_first()]

    def command(self, record, type_, name=""):
        named = ["-n", name] if name else []
        return ["ntfscat", "-i", str(record), "-a", hex(type_), *named,
                self.path]

    def raw(self, record, type_, name=""):
        return run(*self.command(record, type_, name))

    def digest(self, digest, record, attribute):
        with subprocess.Popen(
                self.command(record, attribute.type, attribute.name),
                stdout=subprocess.PIPE, env=environment()) as cat:
            found = digest(cat.stdout.read)
        if cat.returncode:
            raise AssertionError(f"ntfscat exited with {cat.returncode}")
        return found

    def shared_descriptors(self):
        """(security id, descriptor), of what $Secure holds."""
        data = self.raw(SECURE, DATA, "$SDS")
        # Each block is followed by a copy of itself.
        for block in range(0, len(data), 2 * SDS_BLOCK):
            at = block
            while at + 20 <= min(block + SDS_BLOCK, len(data)):
                _, number, _, size = struct.unpack_from("<IIQI", data, at)
                if size < 20:
                    break
                yield number, data[at + 20:at + size]
                at += size + 15 & ~15

    def object_index(self):
        """(object id, birth ids), of an index that is small enough to have
        no blocks of its own."""
        root = run("ntfscat", "-a", hex(INDEX_ROOT), "-n", "$O", self.path,
                   "/$Extend/$ObjId")
        return OBJECT_ENTRY.findall(root)

    def facts(self, record, digest):
        """{(kind, name): value}"""
        facts = {}
        for each in self.attributes(record):
            if each.type == STANDARD:
                facts.update(self.standard(record))
            elif each.type == NAME:
                facts.update(facts_of_name(each))
            elif each.type == SECURITY:
                facts["security", ""] = self.raw(record, SECURITY)
            elif each.type in KINDS:
                facts[KINDS[each.type], ""] = self.raw(record, each.type)
                if each.type == OBJECT_ID:
                    facts["object id", ""] += self.births.get(
                        facts["object id", ""], b"")
            elif each.type == DATA:
                kind = "stream" if each.name else "content"
                facts[kind, each.name] = self.digest(digest, record, each)
                facts["allocated", each.name] = each.stored()
            elif each.type not in FOLLOWING:
                facts[hex(each.type), each.name] = self.digest(
                    digest, record, each)
        return facts

    def standard(self, record):
        raw = self.raw(record, STANDARD)
        creation, write, change, access, attributes = struct.unpack_from(
            "<4QI", raw)
        facts = {("creation time", ""): creation, ("write time", ""): write,
                 ("change time", ""): change, ("access time", ""): access,
                 ("attributes", ""): f"{attributes:08x}"}
        if len(raw) >= 56:
            number = struct.unpack_from("<I", raw, 52)[0]
            facts["security id", ""] = number
            if number:
                facts["security", ""] = self.descriptors[number]
        return facts


def facts_of_name(attribute):
    space = re.search(rb"^\tNamespace:\s+(.*)$", attribute.text, re.M)[1]
    name = re.search(rb"^\tFilename:\s+'(.*)'$", attribute.text, re.M)[1]
    kind = "dos name" if space == b"DOS" else "name"
    return {(kind, os.fsdecode(name)): os.fsdecode(space)}


def facts_of_image(path, records, digest):
    """{path: {(kind, name): value}} of files, given the numbers of their
    records; digest is called with a read() for what may be long."""
    image = Image(path)
    known = {record: image.facts(record, digest)
             for record in sorted(set(records.values()))}
    return {name: known[record] for name, record in records.items()}
