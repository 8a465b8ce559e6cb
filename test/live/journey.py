# SPDX-License-Identifier: BSD-2-Clause
"""What is tested carries files: from one directory to another one, by rsync
through mounts of live stores, and by bkup capture and restore."""

import os
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

    def by_bkup(self, source, target, *options):
        run(bkup(), "capture", "-r", *options, source, self.at("backup"))
        run(bkup(), "check", self.at("backup"))
        run(bkup(), "restore", "-r", *options, self.at("backup"), target)
