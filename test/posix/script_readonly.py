# SPDX-License-Identifier: BSD-2-Clause
"""What is mounted read-only: EROFS, and which error comes before it."""

import os

from posix_compare import Script
from posix_users import OTHER, OWNER, ROOT
from script_attributes import ACCESS, TIME, acl

KIND = "readonly"


def preparation(a):
    """While it can still be written."""
    return Script("stream", "to be read only", [
        OWNER.mkdir("o", 0o755), OWNER.put(f"o/{a}", b"hello"),
        OWNER.mkdir("d", 0o755), OWNER.mkfifo("f", 0o666),
        OWNER.symlink("d", "l"), ROOT.mkdir("private", 0o700)])


def scripts(a, b):
    for user in (ROOT, OWNER, OTHER):
        steps = [user.stat(f"o/{a}"), user.listdir("o"), user.listdir("."),
                 user.readlink("l"), user.statfs("d"),
                 user.open(f"o/{a}", os.O_RDONLY),
                 user.open("f", os.O_RDWR | os.O_NONBLOCK)]
        for path in (f"o/{a}", "o", "d", "f", "l", "no", "private/x"):
            steps += [
                user.access(path, os.W_OK), user.access(path, os.R_OK),
                user.open(path, os.O_RDWR | os.O_NONBLOCK),
                user.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK),
                user.open(path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK),
                user.truncate(path, 1), user.chmod(path, 0o600),
                user.chown(path, user.uid, -1), user.utimes_now(path),
                user.utimens(path, TIME, TIME), user.mkdir(path),
                user.mkfifo(path), user.symlink("x", path),
                user.link(path, "new"), user.rename(path, "d/new"),
                user.rename("d", path), user.unlink(path), user.rmdir(path),
                user.setxattr(path, "user.x", b"1"),
                user.setxattr(path, ACCESS, acl(7, 5, 5)),
                user.removexattr(path, "user.x")]
        steps += [user.put(f"o/{b}", b"x"), user.rename(f"o/{a}", f"o/{b}"),
                  user.open(f"o/{a}", os.O_RDONLY)]
        for number, step in enumerate(steps):
            yield Script(KIND, f"read only {number}", [step])
