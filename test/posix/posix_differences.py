# SPDX-License-Identifier: BSD-2-Clause
"""What is declared to differ from ext4, by the identifiers of the project's
README.md."""

import os
import re
import stat

DECLARED = {}


def declare(identifier):
    def keep(matches):
        DECLARED[identifier] = matches
        return matches
    return keep


def in_readme(path):
    """The identifiers in its table of differences."""
    with open(path, encoding="utf-8") as lines:
        _, _, rest = lines.read().partition("\n## Differences from ext4\n")
    return re.findall(r"^\| `([a-z-]+)` \|", rest.partition("\n## ")[0], re.M)


def _results(difference, ours, theirs):
    """Whether results are some errno here, and some on ext4."""
    return difference.field == "result" and difference.ours == ours and \
        (theirs is any or difference.theirs in theirs)


# It is counted where it is made up for, in posix_compare.py.
@declare("object")
def _(_):
    return False


@declare("nlink")
def _(difference):
    return difference.field == "nlink" and difference.mode and \
        stat.S_ISDIR(int(difference.mode, 8))


@declare("files")
def _(difference):
    """A regular file in a plain directory."""
    step = difference.step
    return difference.script.kind == "tree" and step.call == "open" and \
        step.args[1] & os.O_CREAT and _results(difference, "EINVAL", [None])


@declare("tmpfile")
def _(difference):
    return difference.step.call == "open" and \
        difference.step.args[1] & os.O_TMPFILE == os.O_TMPFILE and \
        _results(difference, "ENOTSUP", any)


@declare("links")
def _(difference):
    return difference.step.call == "link" and \
        _results(difference, "EPERM", [None])


@declare("nodev")
def _(difference):
    return difference.step.call == "open" and \
        difference.script.name.startswith(("character", "block")) and \
        _results(difference, "EACCES", [None, "ENXIO"])


@declare("whiteout")
def _(difference):
    return difference.step.call == "renameat2" and \
        difference.step.args[2] == 4 and \
        _results(difference, "EINVAL", [None, "ENOTEMPTY"])


@declare("ranges")
def _(difference):
    return difference.step.call == "fallocate" and \
        difference.step.args[1] & ~0x13 and \
        _results(difference, "ENOTSUP", [None, "EINVAL"])


@declare("reader")
def _(difference):
    return difference.script.name == "written while somebody reads" and \
        difference.step.call == "pread" and difference.ours == b"hello"


@declare("other-object")
def _(difference):
    return difference.step.call == "renameat2" and \
        difference.script.kind == "stream" and \
        _results(difference, "EXDEV", [None])


@declare("stream-xattrs")
def _(difference):
    return difference.script.kind == "stream" and \
        difference.step.call == "setxattr" and \
        _results(difference, "ENOTSUP", any)


@declare("small-holes")
def _(difference):
    """Data that begins earlier than on ext4."""
    return difference.step.call == "lseek" and \
        difference.step.args[2] in (os.SEEK_DATA, os.SEEK_HOLE) and \
        difference.script.kind == "stream" and \
        isinstance(difference.ours, int) and \
        difference.ours <= difference.theirs


@declare("sparse-size")
def _(difference):
    return difference.script.kind == "stream" and \
        difference.step.call == "truncate" and \
        _results(difference, None, ["EFBIG"])


@declare("failed-write")
def _(difference):
    return difference.step.call == "close" and \
        difference.script.name == "copy_file_range" and \
        _results(difference, "EFBIG", [None])


@declare("gone")
def _(difference):
    """Of what is open and has no name any more."""
    return difference.script.name.startswith(("removed", "gone")) and \
        _results(difference, "ESTALE", any)


@declare("scratch-exchange")
def _(difference):
    return difference.script.kind == "scratch" and \
        difference.step.call == "renameat2" and \
        difference.step.args[2] == 2 and \
        _results(difference, "EINVAL", [None])


def _lost(difference, bits):
    """Whether modes differ by some of these bits only."""
    if difference.field != "mode":
        return False
    ours, theirs = int(difference.ours, 8), int(difference.theirs, 8)
    return ours ^ theirs and not (ours ^ theirs) & ~bits


@declare("set-id")
def _(difference):
    return difference.script.kind == "scratch" and \
        _lost(difference, stat.S_ISUID | stat.S_ISGID) and \
        not int(difference.ours, 8) & (stat.S_ISUID | stat.S_ISGID)


@declare("set-group-id")
def _(difference):
    """The bit stays, though who sets an ACL or a group is not in the group."""
    return difference.script.kind == "tree" and \
        difference.step.call in ("setxattr", "chown") and \
        _lost(difference, stat.S_ISGID)


@declare("chown-nothing")
def _(difference):
    return difference.script.kind == "tree" and \
        difference.step.call == "chown" and \
        difference.step.args[1:3] == (-1, -1) and \
        (_lost(difference, stat.S_ISUID | stat.S_ISGID) or
         _results(difference, None, ["EPERM"]))


@declare("no-change")
def _(difference):
    """Cut to the size that it had."""
    return difference.field == "times" and difference.step.call in (
        "truncate", "ftruncate", "open") and \
        stat.S_ISREG(int(difference.mode, 8)) and \
        difference.ours == (False, False)


@declare("object-times")
def _(difference):
    """The time of change is that of the underlying file, which is renamed into
    place; an object has the times of its file, too."""
    return difference.field == "times" and \
        difference.script.kind == "stream" and \
        (difference.ours[0] == difference.theirs[0] or
         difference.path == "o")


@declare("scratch-times")
def _(difference):
    return difference.field == "times" and difference.path == "o" and \
        difference.script.kind == "scratch" and \
        difference.ours == (False, False)


@declare("read-only")
def _(difference):
    return difference.script.kind == "readonly" and \
        _results(difference, "EROFS", ["EACCES"])


@declare("long-names")
def _(difference):
    return difference.script.name.startswith("name of") and \
        difference.field == "result" and difference.theirs == "ENAMETOOLONG"


@declare("names")
def _(difference):
    """What is no name of a stream, or no file, in an object."""
    return difference.script.name.startswith("no name") and \
        _results(difference, "EINVAL", [None])
