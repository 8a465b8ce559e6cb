# SPDX-License-Identifier: BSD-2-Clause
"""Files: opening them in every way, reading, writing, cutting."""

import fcntl
import mmap
import os
import stat
from itertools import product

from posix_compare import Script
from posix_users import COMMON, MEMBER, OTHER, OWNER, ROOT, Fd

F, G = Fd("f"), Fd("g")
# Above any offset that ext4 knows, with blocks of 4 KiB.
TOO_FAR = 1 << 45
O_CREAT, O_EXCL, O_TRUNC = os.O_CREAT, os.O_EXCL, os.O_TRUNC


def setup(a):
    """A file of five bytes in a directory that others may only look into."""
    return [OWNER.mkdir("o", 0o755), OWNER.put(f"o/{a}", b"hello")]


def opening(kind, a, b):
    """Every flag, on what is there and on what is not."""
    extras = (0, os.O_APPEND, os.O_NOFOLLOW, os.O_DIRECTORY, os.O_PATH,
              os.O_NONBLOCK, os.O_SYNC)
    for mode, make, excl, cut, extra, name in product(
            (os.O_RDONLY, os.O_WRONLY, os.O_RDWR), (0, O_CREAT), (0, O_EXCL),
            (0, O_TRUNC), extras, (a, b)):
        flags = mode | make | excl | cut | extra
        if excl and not make or cut and mode == os.O_RDONLY and extra:
            continue
        path = f"o/{name}"
        yield Script(kind, f"open {name} {flags:o}", [
            *setup(a), OWNER.hold("f", path, flags, 0o644), OWNER.getfl(F),
            OWNER.read(F, 3), OWNER.write(F, b"xy"), OWNER.fstat(F),
            OWNER.close(F)])
    for user, mode, make, cut in product(
            COMMON, (os.O_RDONLY, os.O_WRONLY, os.O_RDWR),
            (0, O_CREAT, O_CREAT | O_EXCL), (0, O_TRUNC)):
        flags = mode | make | cut
        for name in (a, b):
            yield Script(kind, f"open by {user} {name} {flags:o}", [
                *setup(a), user.open(f"o/{name}", flags, 0o644)])


def names(kind, a, b):
    """What is wrong with a name."""
    yield Script(kind, "names", [
        *setup(a), *[step for bad in (f"o/{a}/", f"o/{a}/x", f"o/{b}",
                                      f"o/{b}/x", "no/" + a, "o/" + b + "/")
                     for step in (
            OWNER.open(bad, os.O_RDONLY), OWNER.truncate(bad, 1),
            OWNER.chmod(bad, 0o644), OWNER.chown(bad, -1, -1),
            OWNER.stat(bad), OWNER.lstat(bad), OWNER.access(bad, os.R_OK),
            OWNER.utimes_now(bad), OWNER.readlink(bad), OWNER.unlink(bad),
            OWNER.rmdir(bad), OWNER.rename(bad, f"o/{a}"),
            OWNER.listdir(bad), OWNER.chdir(bad),
            OWNER.getxattr(bad, "user.x"), OWNER.execute(bad),
            OWNER.removexattr(bad, "user.x"), OWNER.statfs(bad))[
                bad == f"o/{a}/" and 1 or 0:]]])
    yield Script(kind, "unlink with a slash", [
        *setup(a), OWNER.unlink(f"o/{a}/"), OWNER.rmdir(f"o/{a}"),
        OWNER.rmdir("o"), OWNER.unlink("o"), OWNER.readlink("o"),
        OWNER.readlink(f"o/{a}"), OWNER.listdir(f"o/{a}"),
        OWNER.chdir(f"o/{a}"), OWNER.open("o", os.O_RDWR),
        OWNER.open("o", os.O_RDONLY | O_TRUNC), OWNER.truncate("o", 0),
        OWNER.open("o", os.O_RDONLY | O_CREAT), OWNER.execute("o"),
        OWNER.execute(f"o/{a}"), ROOT.execute(f"o/{a}")])


def odd_names():
    """Names that only ext4 lets be, and such as only an object does."""
    start = setup("data")
    for size in (1, 255, 256, 300, 765, 1024, 1025, 4096):
        path = "o/:" + "n" * (size - 1)
        yield Script("stream", f"name of {size}", [
            *start, OWNER.put(path, b"x"), OWNER.rename(path, path + "x"),
            OWNER.unlink(path + "x")])
    for name in ("plain", "data2", ":a%7e", ":a#1", "id_00000001"):
        for number, step in enumerate((
                OWNER.put(f"o/{name}", b"x"),
                OWNER.rename("o/data", f"o/{name}"),
                OWNER.mknod(f"o/{name}", stat.S_IFREG | 0o644))):
            yield Script("stream", f"no name {name} {number}",
                         [*start, step])
    for number, step in enumerate((
            OWNER.mkdir("o/:d"), OWNER.symlink("x", "o/:l"),
            OWNER.mkfifo("o/:f"), OWNER.mkdir("o/data"),
            OWNER.mkfifo("o/data"), OTHER.mkdir("o/:d"),
            OWNER.rename("p", "o/:p"), OWNER.link("o/data", "o/:l"),
            OWNER.mknod("o/:r", stat.S_IFREG | 0o644))):
        yield Script("stream", f"no name {number}",
                     [*start, OWNER.mkdir("p"), step])


def reading(kind, a, b):
    """Reading and writing at all sorts of places."""
    yield Script(kind, "read and write", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.pread(F, 10, 0), OWNER.pread(F, 10, 5), OWNER.pread(F, 10, 99),
        OWNER.pread(F, 1, -1), OWNER.pwrite(F, b"x", -1),
        OWNER.read(F, 2), OWNER.lseek(F, 0, os.SEEK_CUR),
        OWNER.write(F, b"LO!"), OWNER.pread(F, 10, 0), OWNER.fstat(F),
        OWNER.pwrite(F, b"end", 20), OWNER.fstat(F), OWNER.pread(F, 99, 0),
        OWNER.write(F, b""), OWNER.pwrite(F, b"", 99), OWNER.fstat(F),
        OWNER.lseek(F, -1, os.SEEK_SET), OWNER.lseek(F, -30, os.SEEK_END),
        OWNER.lseek(F, 7, os.SEEK_END), OWNER.lseek(F, 0, 77),
        OWNER.fsync(F), OWNER.fdatasync(F), OWNER.close(F),
        OTHER.hold("f", f"o/{a}", os.O_RDONLY), OTHER.read(F, 99),
        OTHER.close(F)])
    yield Script(kind, "bad descriptors", [
        *setup(a), OWNER.read(F, 1), OWNER.write(F, b"x"), OWNER.fstat(F),
        OWNER.fsync(F), OWNER.ftruncate(F, 0), OWNER.fchmod(F, 0o600),
        OWNER.fchown(F, -1, -1), OWNER.lseek(F, 0, 0), OWNER.flock(F, 2),
        OWNER.fallocate(F, 0, 0, 1), OWNER.futimens(F, (0, 0), (0, 0)),
        OWNER.hold("f", f"o/{a}", os.O_RDONLY), OWNER.write(F, b"x"),
        OWNER.pwrite(F, b"x", 0), OWNER.ftruncate(F, 0),
        OWNER.fallocate(F, 0, 0, 9), OWNER.fsync(F), OWNER.close(F),
        OWNER.hold("f", f"o/{a}", os.O_WRONLY), OWNER.read(F, 1),
        OWNER.pread(F, 1, 0), OWNER.close(F),
        OWNER.hold("f", f"o/{a}", os.O_PATH), OWNER.read(F, 1),
        OWNER.write(F, b"x"), OWNER.fchmod(F, 0o600), OWNER.fsync(F),
        OWNER.ftruncate(F, 1), OWNER.fstat(F), OWNER.close(F),
        OWNER.hold("f", "o", os.O_RDONLY), OWNER.read(F, 1),
        OWNER.write(F, b"x"), OWNER.ftruncate(F, 1), OWNER.fsync(F),
        OWNER.fallocate(F, 0, 0, 1), OWNER.flock(F, fcntl.LOCK_EX),
        OWNER.listdir_fd(F), OWNER.fchmod(F, 0o755), OWNER.close(F)])
    yield Script(kind, "append", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_WRONLY | os.O_APPEND),
        OWNER.hold("g", f"o/{a}", os.O_RDWR), OWNER.write(F, b"1"),
        OWNER.write(G, b"0"), OWNER.write(F, b"2"), OWNER.fstat(F),
        OWNER.pread(G, 99, 0), OWNER.ftruncate(G, 2), OWNER.write(F, b"3"),
        OWNER.pwrite(F, b"4", 0), OWNER.pread(G, 99, 0), OWNER.close(F),
        OWNER.pread(G, 99, 0), OWNER.close(G)])
    yield Script(kind, "written while somebody reads", [
        *setup(a), OTHER.hold("f", f"o/{a}", os.O_RDONLY),
        OWNER.put(f"o/{a}", b"longer than before"), OTHER.stat(f"o/{a}"),
        OTHER.hold("g", f"o/{a}", os.O_RDONLY), OTHER.read(G, 99),
        OTHER.close(G), OTHER.pread(F, 99, 0)])
    yield Script(kind, "gone while it is open", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.unlink(f"o/{a}"), OWNER.fstat(F), OWNER.write(F, b"HE"),
        OWNER.pread(F, 9, 0), OWNER.ftruncate(F, 3), OWNER.fstat(F),
        OWNER.fsync(F), OWNER.lseek(F, 0, os.SEEK_END),
        OWNER.stat(f"o/{a}"), OWNER.close(F), OWNER.stat(f"o/{a}")])
    yield Script(kind, "gone, and its mode is set", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.unlink(f"o/{a}"), OWNER.fchmod(F, 0o600)])
    yield Script(kind, "replaced while it is open", [
        *setup(a), OWNER.put(f"o/{b}", b"other"),
        OWNER.hold("f", f"o/{a}", os.O_RDONLY),
        OWNER.rename(f"o/{b}", f"o/{a}"), OWNER.pread(F, 9, 0),
        OWNER.fstat(F), OWNER.close(F),
        OWNER.hold("f", f"o/{a}", os.O_RDONLY), OWNER.read(F, 9)])


def cutting(kind, a, b):
    """truncate and ftruncate, and who may."""
    sizes = (0, 3, 5, 4096, 5000, 1 << 20, 1 << 33, 2, -1)
    yield Script(kind, "truncate", [
        *setup(a), *[step for size in sizes for step in (
            OWNER.truncate(f"o/{a}", size), OWNER.stat(f"o/{a}"))]])
    yield Script(kind, "ftruncate", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        *[step for size in sizes for step in (
            OWNER.ftruncate(F, size), OWNER.fstat(F),
            OWNER.pread(F, 9, 0))], OWNER.close(F)])
    for user in COMMON:
        yield Script(kind, f"truncate by {user}", [
            *setup(a), user.truncate(f"o/{a}", 2), user.truncate("o", 2),
            user.truncate(f"o/{b}", 2), ROOT.chmod("o", 0o775),
            ROOT.chmod(f"o/{a}", 0o664), user.truncate(f"o/{a}", 9)])
    for size in (TOO_FAR, (1 << 63) - 1):
        yield Script(kind, f"truncate to {size}", [
            *setup(a), OWNER.truncate(f"o/{a}", size)])
    yield Script(kind, "write far away", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.pwrite(F, b"x", TOO_FAR)])
    for size in (0, 3):
        yield Script(kind, f"with a limit of {size}", [
            *setup(a), OWNER.limited(size, "put", f"o/{a}", b"hello world"),
            OWNER.limited(size, "truncate", f"o/{a}", 99),
            OWNER.stat(f"o/{a}")])
    yield Script(kind, "addresses of nobody", [
        *setup(a), *[OWNER.fault(*call) for call in (
            ("open", None, 0), ("mkdir", None, 0o755), ("rmdir", None),
            ("unlink", None), ("rename", None, f"o/{b}"),
            ("rename", f"o/{a}", None), ("symlink", None, "o/.l"),
            ("chmod", None, 0), ("chown", None, 0, 0), ("truncate", None, 0),
            ("link", None, f"o/{b}"), ("access", None, 0),
            ("chdir", None), ("readlink", None, None, 9),
            ("getxattr", None, "user.x", 0, 0))]])


def ranges(kind, a, b):
    """Allocating, seeking for data, copying."""
    for mode, offset, size in [
            *product((0, 1, 3, 16, 17), (0, 3, 4096, -1),
                     (1, 4096, 200000, 0, -1)),
            *product((2, 8, 32, 64, 128), (0, -1), (4096, 0))]:
        yield Script(kind, f"fallocate {mode:#x} {offset} {size}", [
            *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
            OWNER.fallocate(F, mode, offset, size), OWNER.fstat(F),
            OWNER.pread(F, 99, 0), OWNER.close(F)])
    yield Script(kind, "fallocate far away", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.fallocate(F, 0, TOO_FAR, 4096),
        OWNER.fallocate(F, 0, (1 << 63) - 1, 4096)])
    seeks = [OWNER.lseek(F, at, whence)
             for whence in (os.SEEK_DATA, os.SEEK_HOLE)
             for at in (0, 1, 4096, 65536, 1 << 20, (1 << 20) + 4095,
                        (1 << 20) + 4096, 1 << 21, -1)]
    yield Script(kind, "data and holes", [
        OWNER.mkdir("o", 0o755), OWNER.put(f"o/{a}"),
        OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.lseek(F, 0, os.SEEK_DATA), OWNER.lseek(F, 0, os.SEEK_HOLE),
        OWNER.pwrite(F, b"d" * 4096, 1 << 20), *seeks,
        OWNER.ftruncate(F, 1 << 21), *seeks, OWNER.close(F),
        OWNER.hold("f", f"o/{a}", os.O_RDONLY), *seeks])
    yield Script(kind, "a small hole", [
        OWNER.mkdir("o", 0o755), OWNER.put(f"o/{a}"),
        OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.pwrite(F, b"d" * 4096, 8192), OWNER.close(F),
        OWNER.hold("f", f"o/{a}", os.O_RDONLY),
        OWNER.lseek(F, 0, os.SEEK_DATA)])
    yield Script(kind, "copy_file_range", [
        *setup(a), OWNER.put(f"o/{b}", b"0123456789"),
        OWNER.hold("f", f"o/{a}", os.O_RDWR),
        OWNER.hold("g", f"o/{b}", os.O_RDONLY),
        OWNER.copy_file_range(G, F, 4), OWNER.copy_file_range(G, F, 99),
        OWNER.copy_file_range(G, F, 99), OWNER.pread(F, 99, 0),
        OWNER.copy_file_range(G, F, 3, 5, 20), OWNER.pread(F, 99, 0),
        OWNER.copy_file_range(F, G, 3, 0, 0),
        OWNER.copy_file_range(F, F, 9, 0, 3),
        OWNER.copy_file_range(F, F, 3, 0, 40), OWNER.fstat(F),
        OWNER.copy_file_range(G, F, 0), OWNER.copy_file_range(G, F, 3, 99, 0),
        OWNER.copy_file_range(G, F, 9, 0, (1 << 63) - 3),
        OWNER.close(F), OWNER.close(G), OWNER.hold("f", "o", os.O_RDONLY),
        OWNER.hold("g", f"o/{b}", os.O_WRONLY),
        OWNER.copy_file_range(F, G, 3), OWNER.copy_file_range(G, G, 3)])


def mapped_and_locked(kind, a, b):
    shared, private = mmap.MAP_SHARED, mmap.MAP_PRIVATE
    both = mmap.PROT_READ | mmap.PROT_WRITE
    for flags, way, protection in product(
            (os.O_RDONLY, os.O_WRONLY, os.O_RDWR), (shared, private),
            (mmap.PROT_READ, both)):
        content = b"MAP" if protection == both else b""
        yield Script(kind, f"mmap {flags} {way} {protection}", [
            *setup(a), OWNER.hold("f", f"o/{a}", flags),
            OWNER.mmap(F, 5, way, protection, content), OWNER.close(F),
            OWNER.hold("g", f"o/{a}", os.O_RDONLY), OWNER.read(G, 9)])
    for one, two in product((fcntl.LOCK_SH, fcntl.LOCK_EX), repeat=2):
        yield Script(kind, f"flock {one} {two}", [
            *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDWR),
            OTHER.hold("f", f"o/{a}", os.O_RDONLY), OWNER.flock(F, one),
            OTHER.flock(F, two), OWNER.flock(F, fcntl.LOCK_UN),
            OTHER.flock(F, two), OWNER.flock(F, one), OTHER.close(F),
            OWNER.flock(F, one), OWNER.close(F)])
        for start, size in ((0, 0), (2, 2), (4, 0), (99, 1)):
            yield Script(kind, f"lock {one} {two} {start} {size}", [
                *setup(a), ROOT.chmod("o", 0o777),
                ROOT.chmod(f"o/{a}", 0o666),
                OWNER.hold("f", f"o/{a}", os.O_RDWR),
                MEMBER.hold("f", f"o/{a}", os.O_RDWR),
                OWNER.lock(F, one, 3, 1), MEMBER.lock(F, two, size, start),
                MEMBER.lock(F, fcntl.LOCK_UN), OWNER.close(F),
                MEMBER.lock(F, two, size, start), MEMBER.close(F)])
    yield Script(kind, "locks that a descriptor is not open for", [
        *setup(a), OWNER.hold("f", f"o/{a}", os.O_RDONLY),
        OWNER.lock(F, fcntl.LOCK_EX), OWNER.lock(F, fcntl.LOCK_SH)])


def scripts(kind, a, b):
    """a is made in directory o, b is a name that is free there."""
    for part in (opening, names, reading, cutting, ranges,
                 mapped_and_locked):
        yield from part(kind, a, b)
