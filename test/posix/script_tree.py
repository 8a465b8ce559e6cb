# SPDX-License-Identifier: BSD-2-Clause
"""Directories, symlinks and special files: making, finding, removing."""

import os
import stat
from itertools import product

from posix_compare import Script
from posix_users import MEMBER, OTHER, OWNER, ROOT, SUPPLEMENTARY, USERS, Fd

KIND = "tree"
F = Fd("f")
NULL = os.makedev(1, 3)
ABSENT = os.makedev(1, 77)  # no driver has it


def make(node, path, user=ROOT, mode=0o755):
    """The steps that make a node, or nothing, at a path."""
    return {
        "nothing": [],
        "directory": [user.mkdir(path, mode)],
        "full": [user.mkdir(path, mode), user.mkdir(f"{path}/in", 0o755)],
        "fifo": [user.mkfifo(path, mode)],
        "socket": [user.mknod(path, stat.S_IFSOCK | mode)],
        "character": [ROOT.mknod(path, stat.S_IFCHR | mode, NULL),
                      ROOT.chown(path, user.uid, user.gid)],
        "block": [ROOT.mknod(path, stat.S_IFBLK | mode, ABSENT),
                  ROOT.chown(path, user.uid, user.gid)],
        "link": [user.symlink("nowhere", path)],
        "link to directory": [user.mkdir("target", 0o755),
                              user.symlink("target", path)],
        "loop": [user.symlink(path, path)],
    }[node]


NODES = ("nothing", "directory", "full", "fifo", "socket", "character",
         "block", "link", "link to directory", "loop")


def by_path(user, path, other="other"):
    """Every call that names a path, and changes nothing if it is well."""
    return [user.stat(path), user.lstat(path), user.access(path, os.F_OK),
            user.access(path, os.R_OK | os.X_OK), user.readlink(path),
            user.listdir(path), user.chdir(path), user.execute(path),
            user.open(path, os.O_RDONLY | os.O_NONBLOCK),
            user.open(path, os.O_WRONLY | os.O_NONBLOCK),
            user.open(path, os.O_PATH),
            user.open(path, os.O_RDONLY | os.O_DIRECTORY),
            user.getxattr(path, "user.none"),
            user.getxattr(path, "user.none", False),
            user.listxattr(path), user.removexattr(path, "user.none"),
            user.utimens(path, (5, 6), (7, 8)),
            user.utimens(path, (5, 6), (7, 8), 0x100),
            user.chmod(path, 0o755), user.chown(path, -1, -1),
            user.lchown(path, -1, -1), user.truncate(path, 0),
            user.link("no/where", path), user.statfs(path)]


def changing(user, path):
    """Every call that makes, moves or removes what a path names."""
    return [user.mkdir(path), user.mkfifo(path), user.symlink("x", path),
            user.mknod(path, stat.S_IFCHR | 0o600, NULL),
            user.rename(path, "away"), user.rmdir(path),
            user.unlink(path), user.rename("away", path),
            user.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL)]


def bad_paths():
    long = "n" * 255
    for path in ("no/x", "no/", "fifo/x", "fifo/", "loop/x", "d/../no/x",
                 "link/x", "", "d/" * 2047 + "x", "d/" * 2048, long,
                 "d/" + "n" * 256, "d/" + "n" * 2000, "d/no", "d/no/"):
        name = path if len(path) < 20 else f"{path[:9]}… {len(path)}"
        base = [ROOT.mkdir("d", 0o777), ROOT.mkfifo("fifo"),
                ROOT.symlink("loop", "loop"), ROOT.symlink("nowhere", "link")]
        for number, steps in enumerate(
                [by_path(OWNER, path)]
                + [[step] for step in changing(OWNER, path)[:-1]]):
            yield Script(KIND, f"bad path {name} {number}", [*base, *steps])
        yield Script(KIND, f"rename {name}",
                     [*base, ROOT.rename("fifo", path), ROOT.stat("fifo")])
    yield Script(KIND, "create with a slash", [
        OWNER.mkdir("d/"), OWNER.open("d/no/", os.O_CREAT | os.O_WRONLY)])


def dots():
    for path in ("d/.", "d/..", "d/e/..", ".", ".."):
        base = [ROOT.mkdir("d", 0o777), OWNER.mkdir("d/e"), OWNER.mkdir("f")]
        for number, step in enumerate((
                OWNER.rmdir(path), OWNER.unlink(path), OWNER.mkdir(path),
                OWNER.rename(path, "x"), OWNER.rename("f", path),
                OWNER.symlink("x", path), OWNER.mkfifo(path),
                OWNER.renameat2(path, "f", 2), OWNER.listdir(path))):
            yield Script(KIND, f"{path} {number}", [*base, step])


def every_call_on_every_node():
    for node in NODES:
        for user in (ROOT, OWNER, OTHER):
            # Few at once: a difference ends its script.
            steps = by_path(user, "n")
            for number in range(0, len(steps), 4):
                yield Script(KIND, f"{node} {number}", [
                    *make(node, "n", OWNER), *steps[number:number + 4]])
            for number, step in enumerate(changing(user, "n")):
                yield Script(KIND, f"{node} change {number}",
                             [*make(node, "n", OWNER), step])
        for flags in (os.O_RDWR, os.O_NOFOLLOW, os.O_NOFOLLOW | os.O_PATH,
                      os.O_DIRECTORY | os.O_NOFOLLOW, os.O_TMPFILE | 2,
                      os.O_TRUNC | os.O_WRONLY, os.O_CREAT | os.O_DIRECTORY,
                      os.O_APPEND):
            yield Script(KIND, f"{node} open {flags:o}", [
                *make(node, "n", OWNER),
                OWNER.open("n", flags | os.O_NONBLOCK)])
        yield Script(KIND, f"{node} through a slash", [
            *make(node, "n", OWNER), OWNER.lstat("n/"), OWNER.stat("n/."),
            OWNER.chmod("n/", 0o700), OWNER.rmdir("n/")])


def modes_of_what_is_made():
    for user, umask, mode in product(
            (ROOT, OWNER, SUPPLEMENTARY), (0, 0o022, 0o027, 0o077, 0o777),
            (0o777, 0o700, 0o640, 0o1777, 0o6755, 0)):
        who = user.masked(umask)
        yield Script(KIND, f"made {mode:o}", [
            who.mkdir("d", mode), who.mkfifo("f", mode),
            who.mknod("s", stat.S_IFSOCK | mode), who.symlink("x", "l")])
    for user, group, mode in product(
            USERS, (OWNER.gid, OTHER.gid), (0o2777, 0o2775, 0o777, 0o3777)):
        yield Script(KIND, f"made in {mode:o} of {group}", [
            ROOT.mkdir("d"), ROOT.chown("d", OWNER.uid, group),
            ROOT.chmod("d", mode), user.mkdir("d/d", 0o2777),
            user.mkdir("d/d/d", 0o777), user.mkfifo("d/f", 0o2777),
            user.symlink("x", "d/l"),
            user.mknod("d/s", stat.S_IFSOCK | 0o6755)])
    for device in (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFDIR, stat.S_IFLNK,
                   0o030000):
        for user in (ROOT, OWNER):
            yield Script(KIND, f"mknod {device:o}", [
                user.mknod("n", device | 0o640, NULL)])


def who_may_change_a_directory():
    for user, mode in product(USERS, (0o700, 0o770, 0o775, 0o755, 0o300,
                                      0o500, 0o600, 0o777, 0o070, 0o007)):
        base = [OWNER.mkdir("d"), *make("directory", "d/old", OWNER),
                ROOT.mkfifo("away"), ROOT.chmod("d", mode)]
        steps = [*changing(user, "d/new"), user.rmdir("d/old"),
                 user.rename("d/old", "d/x"), user.rename("d/old", "x"),
                 user.listdir("d"), user.stat("d/old"), user.chdir("d"),
                 user.access("d", os.W_OK | os.X_OK)]
        for number, step in enumerate(steps):
            yield Script(KIND, f"directory {mode:o} {number}", [*base, step])


def sticky():
    """Who may remove and rename in a directory that has the bit."""
    for node, holder, maker, user in product(
            ("directory", "fifo", "link"), (ROOT, OWNER, MEMBER),
            (OWNER, OTHER), (OWNER, OTHER, SUPPLEMENTARY)):
        base = [ROOT.mkdir("d"), ROOT.chown("d", holder.uid, holder.gid),
                ROOT.chmod("d", 0o1777), *make(node, "d/n", maker),
                *make(node, "d/m", user), *make(node, "e", user)]
        remove = user.rmdir if node == "directory" else user.unlink
        for number, step in enumerate((
                remove("d/n"), user.rename("d/n", "d/x"),
                user.rename("d/n", "x"), user.rename("d/m", "d/n"),
                user.rename("e", "d/n"), user.renameat2("d/m", "d/n", 2))):
            yield Script(KIND, f"sticky {node} of {maker} in {holder}'s "
                         f"{number}", [*base, step])


def removed_directories():
    for number, step in enumerate((
            OWNER.listdir_fd(F), OWNER.fsync(F), OWNER.fchmod(F, 0o700),
            OWNER.fstat(F), OWNER.flock(F, 2), OWNER.close(F))):
        yield Script(KIND, f"removed directory {number}", [
            OWNER.mkdir("d"), OWNER.hold("f", "d", os.O_RDONLY),
            OWNER.rmdir("d"), step])
    yield Script(KIND, "removed fifo", [
        OWNER.mkfifo("n"), OWNER.hold("f", "n", os.O_RDWR),
        OWNER.unlink("n"), OWNER.write(F, b"through"), OWNER.read(F, 9),
        OWNER.fstat(F)])
    yield Script(KIND, "many entries", [
        *[OWNER.mkdir(f"d{number:03}") for number in range(40)],
        *[OWNER.rmdir(f"d{number:03}") for number in range(0, 40, 2)],
        OWNER.listdir("."), OWNER.hold("f", ".", os.O_RDONLY),
        OWNER.listdir_fd(F), OWNER.lseek(F, 0, 0), OWNER.listdir_fd(F)])


def symlinks():
    for target in ("x", "", "t" * 4095, "t" * 4096, "t" * 1000, "../x"):
        yield Script(KIND, f"symlink {target[:5]} {len(target)}", [
            OWNER.symlink(target, "l"), OWNER.readlink("l"),
            OWNER.lstat("l"), OWNER.chmod("l", 0o600),
            OWNER.lchown("l", -1, OWNER.groups[0]), OTHER.readlink("l"),
            OTHER.lchown("l", -1, OTHER.gid), OTHER.unlink("l")])
    yield Script(KIND, "through symlinks", [
        OWNER.mkdir("d", 0o755), OWNER.symlink("d", "l"),
        OWNER.symlink("l", "m"), OWNER.mkdir("m/e"), OWNER.listdir("l/."),
        OWNER.rename("l/e", "m/f"), OWNER.rmdir("m/f"), OWNER.rmdir("l"),
        OWNER.mkdir("l"), OWNER.rmdir("l/"), OWNER.unlink("l"),
        OWNER.stat("m"), OWNER.lstat("m"), OWNER.chmod("d", 0o700),
        OTHER.stat("d/x"), OWNER.symlink("d", "m")])


def hard_links():
    for node in ("directory", "fifo", "link", "socket"):
        for number, step in enumerate((
                OWNER.link("n", "l"), OTHER.link("n", "l"),
                ROOT.link("n", "n"), OWNER.link("n", "no/l"))):
            yield Script(KIND, f"link to {node} {number}",
                         [*make(node, "n", OWNER), step])


def scripts():
    for part in (bad_paths, dots, every_call_on_every_node,
                 modes_of_what_is_made, who_may_change_a_directory, sticky,
                 removed_directories, symlinks, hard_links):
        yield from part()
