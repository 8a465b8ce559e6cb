#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Nothing outside of SOURCE is reached, whatever an attacker swaps in it.

    ATTACK_SECONDS  how long the mount is attacked; 17
    ATTACK_SEED     of what is done; another one each time
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from mountcase import MountCase, end_with_parent, main, read, skip_all, write
from nt_records import alternate, record

SECONDS = int(os.environ.get("ATTACK_SECONDS", "17"))
SEED = int(os.environ.get("ATTACK_SEED", time.time_ns() % 10**9))
NAIVE_SECONDS = 3
ATTACKER, SECRET_UID = 65534, 4242
OBJECT = record(1, 0, b"main") + alternate("a", b"one")
SECRET = record(1, 0, b"SECRET") + alternate("a", b"SECRET")
# Of each operation so many must have been done, and have failed, to mean
# something; and so many swaps in each scene.
ENOUGH_DONE, ENOUGH_FAILED, ENOUGH_SWAPS = 10, 10, 1000


def snapshot(top):
    """All that can be told of a tree, but for the times of last access."""
    found = {}
    for where, directories, files in os.walk(top):
        for path in [where] + [os.path.join(where, name)
                               for name in directories + files]:
            st = os.lstat(path)
            content = None
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                content = read(path)
            xattrs = {name: os.getxattr(path, name, follow_symlinks=False)
                      for name in os.listxattr(path, follow_symlinks=False)}
            found[path] = (st.st_ino, st.st_mode, st.st_uid, st.st_gid,
                           st.st_nlink, st.st_size, st.st_mtime_ns,
                           st.st_ctime_ns, content, xattrs)
    return found


class Attack(MountCase):
    def setUp(self):
        super().setUp()
        self.treasure(self.directory("outside"))
        self.treasure(self.under("others"))
        os.mkdir(self.under("work"))
        for scene in ("outside", "dotdot", "inside", "link", "fifo", "kind",
                      "updown/a/b"):
            self.scene(scene)
        self.swap("outside/other", os.path.join(self.tmp, "outside"))
        self.swap("dotdot/other", "../../../outside")
        self.swap("inside/other", "../../others")
        self.swap("link/p/other", os.path.join(self.tmp, "outside/f"))
        os.mkfifo(self.under("work/fifo/p/other"))
        os.mkdir(self.under("work/kind/p/other"))
        for where, directories, files in os.walk(self.under("work")):
            for name in [".", *directories, *files]:
                os.chown(os.path.join(where, name), ATTACKER, ATTACKER,
                         follow_symlinks=False)
        self.guarded = [self.tmp + "/outside", self.under("others")]
        self.before = [snapshot(top) for top in self.guarded]
        self.names = sorted(os.listdir(self.tmp))

    def treasure(self, top):
        """What the client's names would lead to, if a walk went there."""
        os.makedirs(os.path.join(top, "e"), exist_ok=True)
        for name in ("f", "x", "SECRET", "new"):
            path = os.path.join(top, name)
            write(path, SECRET)
            os.setxattr(path, "user.of-client", b"SECRET")
        os.symlink("SECRET", os.path.join(top, "s"))
        for name in (".", "f", "e", "x", "SECRET", "s"):
            os.chown(os.path.join(top, name), SECRET_UID, SECRET_UID,
                     follow_symlinks=False)
        os.chmod(top, 0o700)

    def scene(self, name):
        place = self.under("work", name, "p")
        os.makedirs(os.path.join(place, "e"))
        write(os.path.join(place, "f"), OBJECT)

    def swap(self, name, target):
        os.symlink(target, self.under("work", name))

    def attack(self, seconds, root, *options):
        """Runs it; returns {(kind, name): numbers}."""
        print(f"ATTACK_SEED={SEED}", flush=True)
        done = subprocess.run(
            [os.environ["ATTACK"], str(seconds), str(SEED),
             self.under("work"), root, *options],
            capture_output=True, check=False, timeout=seconds + 60,
            preexec_fn=end_with_parent)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split() for line in done.stdout.decode().splitlines()]
        return {(kind, name): [int(n) for n in numbers]
                for kind, name, *numbers in lines}

    def faults(self, counts):
        """What was reached that must not be."""
        found = [f"seen {counts['leaks', 'all'][0]} times"] \
            if counts["leaks", "all"][0] else []
        for top, before in zip(self.guarded, self.before):
            after = snapshot(top)
            found += [path for path in sorted(set(before) | set(after))
                      if before.get(path) != after.get(path)]
        return found

    def check_enough(self, counts):
        for (kind, name), numbers in counts.items():
            if kind == "operation":
                self.assertGreaterEqual(numbers[0], ENOUGH_DONE, name)
                self.assertGreaterEqual(numbers[1], ENOUGH_FAILED, name)
            elif kind == "swaps":
                self.assertGreaterEqual(numbers[0], ENOUGH_SWAPS, name)

    def test_nothing_outside_is_reached(self):
        # Nothing is remembered, so that every step is one of the daemon.
        mount = self.mount("-o", "allow_other,timeout=0")
        counts = self.attack(SECONDS, self.at("work"))
        print({name: numbers for (_, name), numbers in counts.items()})
        self.assertEqual(self.faults(counts), [])
        self.check_enough(counts)
        self.assertIsNone(mount.process.poll(), "the daemon lives")
        self.assertEqual(read(self.at("others/f/data")), b"SECRET")
        mount.stop()
        self.assertEqual(self.faults(counts), [])
        logs = [os.path.basename(m.log) for m in self.mounts]
        self.assertEqual(sorted(set(os.listdir(self.tmp)) - set(logs)),
                         self.names)

    def test_a_naive_walk_is_caught(self):
        """The same by plain paths on SOURCE: what the other test looks for
        does happen then, or it would prove nothing."""
        counts = self.attack(NAIVE_SECONDS, self.under("work"), "naive")
        faults = self.faults(counts)
        self.assertGreater(counts["leaks", "all"][0], 0)
        for top in self.guarded:
            self.assertTrue([path for path in faults
                             if path.startswith(top)], top)


if __name__ == "__main__":
    if not os.environ.get("ATTACK"):
        skip_all("ATTACK names no program")
    main()
