# SPDX-License-Identifier: BSD-2-Clause
"""What is tested carries files: from one directory to another one, by rsync
through mounts of live stores, and by bkup capture and restore, each of which
is told beforehand by a dry run."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from mountcase import Mount

PATIENCE = 240


def bkup():
    return os.environ["BKUP"]


def run(*command, status=0):
    done = subprocess.run(command, capture_output=True, check=False,
                          timeout=PATIENCE)
    if done.returncode != status:
        raise AssertionError(f"{command}: {done.returncode}: "
                             f"{(done.stdout + done.stderr)[:2000]}")
    return done.stdout


def snapshot(top):
    """All below a path, and what a change of it would show; None if it is not
    there. Reading changes times of access only."""
    if not os.path.lexists(top):
        return None
    found = {}
    paths = [top] + [os.path.join(where, name)
                     for where, dirs, files in os.walk(top)
                     for name in dirs + files]
    for path in paths:
        st = os.lstat(path)
        found[path] = (st.st_mode, st.st_ino, st.st_nlink, st.st_uid,
                       st.st_gid, st.st_size, st.st_mtime_ns, st.st_ctime_ns)
    return found


class Said:
    """What a run said; of a dry one, what would be carried, too."""

    def __init__(self, done):
        self.status = done.returncode
        self.err = done.stderr.decode(errors="surrogateescape")
        lines = done.stdout.decode(errors="surrogateescape").splitlines()
        self.carried = [line for line in lines if "' -> '" in line]
        self.rest = [re.sub(r"^(\d+ files?) would be (\w+):", r"\2 \1:", line)
                     for line in lines if "' -> '" not in line]


class JourneyCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="bkupfs-live.")
        self.addCleanup(shutil.rmtree, self.tmp)

    def at(self, *names):
        return os.path.join(self.tmp, *names)

    def mount(self, source, name, *options):
        os.mkdir(self.at(name))
        mount = Mount(source, self.at(name),
                      ("-o", ",".join(("store=live", *options))),
                      self.at(name + ".log"))
        self.addCleanup(mount.abandon)
        mount.start()
        return mount

    def by_rsync(self, source, target, *options):
        """Out to plain files, and in again; a second time moves nothing."""
        mount = self.mount(source, "out", "ro", *options)
        run("rsync", "-aS", mount.point + "/", self.at("plain") + "/")
        mount.stop()
        mount = self.mount(target, "in", *options)
        run("rsync", "-aS", self.at("plain") + "/", mount.point + "/")
        self.assertEqual(run("rsync", "-aSni", self.at("plain") + "/",
                             mount.point + "/"), b"")
        mount.stop()

    def carry(self, *arguments, data=b"", **options):
        """Runs the tool, dry and then really: both say the same, and the first
        one changes nothing. options are those of subprocess. Returns what the
        first one said."""
        dry, real = (
            [bkup(), arguments[0], *way, *arguments[1:]]
            for way in (("--dry-run",), ()))
        places = [path for path in arguments if os.path.isabs(path)]
        before = [snapshot(path) for path in (self.tmp, *places)]
        said = self.say(dry, data, **options)
        self.assertEqual([snapshot(path) for path in (self.tmp, *places)],
                         before)
        done = self.say(real, data, **options)
        self.assertEqual((said.status, said.err.splitlines(), said.rest),
                         (done.status, done.err.splitlines(), done.rest))
        return said

    def say(self, command, data, **options):
        return Said(subprocess.run(command, input=data, capture_output=True,
                                   check=False, timeout=PATIENCE, **options))

    def by_bkup(self, source, target, *options):
        said = self.carry("capture", "-r", *options, source, self.at("backup"))
        self.assertEqual((said.status, said.err), (0, ""))
        self.assertEqual(said.rest, [
            f"captured {len(said.carried)} files: 0 losses"])
        run(bkup(), "check", self.at("backup"))
        said = self.carry("restore", "-r", *options, self.at("backup"), target)
        self.assertEqual((said.status, said.err), (0, ""))
        self.assertEqual(said.rest, [
            f"restored {len(said.carried)} files: 0 losses"])
