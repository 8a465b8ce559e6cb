# SPDX-License-Identifier: BSD-2-Clause
"""The two trees in which the same steps are taken, and what is seen there."""

import os
import stat
import subprocess

from posix_calls import shown
from posix_worker import Workers

# Longer than a tick of the coarsest clock that gives files their times.
TICK = 0.012


def filesystem_of(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], check=True,
                          capture_output=True, text=True).stdout.strip()


def _entry(path):
    st = os.lstat(path)
    return dict(shown(st), times=(st.st_mtime_ns, st.st_ctime_ns))


class Side:
    """A tree, with all users at work in it."""

    def __init__(self, root):
        self.root = root
        self.workers = Workers()

    def begin(self, name):
        """A directory of its own, where anybody may make anything."""
        self.where = os.path.join(self.root, name)
        os.mkdir(self.where)
        os.chmod(self.where, 0o777)
        self.workers.begin(self.where)

    def take(self, step):
        return self.workers.take(step)

    def look(self):
        """{path: attributes} of everything in that directory."""
        found = {".": _entry(self.where)}
        pending = [""]
        while pending:
            base = pending.pop()
            for name in os.listdir(os.path.join(self.where, base)):
                path = os.path.join(base, name)
                found[path] = _entry(os.path.join(self.where, path))
                if stat.S_ISDIR(int(found[path]["mode"], 8)):
                    pending.append(path)
        return found

    def end(self):
        self.workers.end()


class Prepared(Side):
    """A tree that is there and cannot be changed."""

    def begin(self, name):
        self.where = self.root
        self.workers.begin(self.where)


def changes(before, after):
    """{path: which of its times changed} for what was there before."""
    return {path: tuple(old != new for old, new in zip(
        before[path]["times"], after[path]["times"]))
        for path in before.keys() & after.keys()}
