# SPDX-License-Identifier: BSD-2-Clause
"""Everything that can be seen of an NTFS volume, and what differs of two."""

import collections
import errno
import hashlib
import os
import stat

from ntfs_calls import ABSENT, get, stream_names
from ntfs_image import facts_of_image
from ntfs_volume import Volume

# kind: what it tells of, such as "security"; name: of a stream, or "";
# seen: "mount" or "image".
Fact = collections.namedtuple("Fact", "kind name seen")

# Kinds that two volumes with the same files need not have in common.
OF_THE_VOLUME = ("change time", "security id", "record")

MOUNTED = "ro,noatime,streams_interface=windows"
CHUNK = 1 << 20
ZEROS = bytes(CHUNK)
VALUES = {"reparse": "system.ntfs_reparse_data",
          "object id": "system.ntfs_object_id", "ea": "system.ntfs_ea",
          "dos name": "system.ntfs_dos_name"}
# Of the root and of files with several names; the image has them.
NOT_SAID = (*ABSENT, errno.EPERM, errno.EMLINK)
TIMES = ("creation time", "write time", "access time", "change time")
TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory",
         stat.S_IFLNK: "link"}


class Difference(collections.namedtuple("Difference",
                                        "path kind name seen was is_now")):
    def __str__(self):
        what = f"{self.kind} {self.name!r}" if self.name else self.kind
        was, is_now = shown(self.was, self.is_now)
        return f"{self.path}: {what} ({self.seen}): {was} -> {is_now}"


def digest(read):
    """(size, SHA-256 of what is not zero and where) of what read(n) gives."""
    content, at = hashlib.sha256(), 0
    while chunk := read(CHUNK):
        if chunk != ZEROS[:len(chunk)]:
            content.update(b"%d:" % at + chunk)
        at += len(chunk)
    return at, content.hexdigest()


def observe(volume):
    """{path: {Fact: value}} of a Volume or the path of an image that is not
    mounted; the root is ".", the others are relative to it.

    A Volume that is mounted must not be in use: it is unmounted, looked at,
    mounted for reading only, looked at and mounted as it was before.
    """
    if isinstance(volume, (str, os.PathLike)):
        with Volume(MOUNTED, image=os.fspath(volume)) as mounted:
            return observe(mounted)
    was_mounted = volume.process is not None
    volume.unmount()
    try:
        return observe_unmounted(volume)
    finally:
        if was_mounted:
            volume.mount()


def observe_unmounted(volume):
    volume.mount(MOUNTED)
    try:
        found, records = observe_mounted(volume.point)
    finally:
        volume.unmount()
    for path, facts in facts_of_image(volume.image, records, digest).items():
        found[path].update({Fact(kind, name, "image"): value
                            for (kind, name), value in facts.items()})
    return found


def walk(root):
    yield "."
    for top, directories, files in os.walk(root):
        for name in sorted(directories + files):
            yield os.path.relpath(os.path.join(top, name), root)


def observe_mounted(root):
    """({path: facts}, {path: number of its record})."""
    records = {path: os.lstat(os.path.join(root, path)).st_ino
               for path in walk(root)}
    links = collections.defaultdict(list)
    for path, record in records.items():
        links[record].append(path)
    found = {}
    for path, record in records.items():
        facts = facts_of_path(os.path.join(root, path), root)
        facts["links", ""] = sorted(links[record])
        facts["record", ""] = record
        found[path] = {Fact(kind, name, "mount"): value
                       for (kind, name), value in facts.items()}
    return found, records


def facts_of_path(path, root):
    st = os.lstat(path)
    facts = {("type", ""): TYPES.get(stat.S_IFMT(st.st_mode), st.st_mode)}
    if stat.S_ISREG(st.st_mode):
        facts["content", ""] = digest_of(path)
        facts["allocated", ""] = st.st_blocks * 512
    if stat.S_ISLNK(st.st_mode):
        # What is absolute on the volume leads into where it is mounted.
        facts["target", ""] = os.readlink(path).replace(root + "/", "<root>/")
    facts["attributes", ""] = get(path, "system.ntfs_attrib_be").hex()
    facts["security", ""] = get(path, "system.ntfs_acl")
    times = get(path, "system.ntfs_times_be")
    for at, kind in enumerate(TIMES):
        facts[kind, ""] = int.from_bytes(times[8 * at:8 * at + 8], "big")
    for kind, name in VALUES.items():
        value = get(path, name, NOT_SAID if kind == "dos name" else ABSENT)
        if value is not None:
            facts[kind, ""] = value
    if not stat.S_ISLNK(st.st_mode):
        facts.update(facts_of_streams(path))
    return facts


def facts_of_streams(path):
    # Those of the root are in it, as it were.
    path = os.fsencode(path)
    before = (path[:-1] if path.endswith(b"/.") else path) + b":"
    return {("stream", os.fsdecode(name)): digest_of(before + name)
            for name in stream_names(path)}


def digest_of(path):
    with open(path, "rb", buffering=0) as file:
        return digest(file.read)


def differences(a, b, but=OF_THE_VOLUME):
    """[Difference] of what two observations have not in common.

    but: what need not be the same, kinds or pairs of a path and a kind.
    str() of a Difference is readable; its kind is "path" where one of the
    volumes has no such path.
    """
    found = []
    for path in sorted(a.keys() | b.keys()):
        if path not in a or path not in b:
            found.append(Difference(path, "path", "", "mount", path in a,
                                    path in b))
            continue
        old, new = a[path], b[path]
        found += [Difference(path, *fact, old.get(fact), new.get(fact))
                  for fact in sorted(old.keys() | new.keys())
                  if old.get(fact) != new.get(fact)]
    return [each for each in found
            if each.kind not in but and (each.path, each.kind) not in but]


def shown(was, is_now):
    """Two values; of bytes, from where they begin to differ."""
    if not isinstance(was, bytes) or not isinstance(is_now, bytes):
        return brief(was), brief(is_now)
    at = next((i for i, (x, y) in enumerate(zip(was, is_now)) if x != y),
              min(len(was), len(is_now)))
    return [f"{len(value)} bytes, at {at}: {brief(value[at:])}"
            for value in (was, is_now)]


def brief(value):
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
