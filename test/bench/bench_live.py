#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How fast is a mount of a live store, compared with the files themselves?

Every round does each row natively and through the mount, one after the other.
The table has the medians of the rounds' ratios, and their spread: 1 is as fast
as native, 0.5 takes twice the time. Carrying 20,000 files out is compared with
`rsync -aXA` of them, which carries less.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from bench_sides import Bkupfs

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                     "build", "release")
MIB = 1 << 20
SKIPPED = 77


class Live(Bkupfs):
    """Each row begins with a new mount, which remembers nothing."""

    name = "live"
    binary = os.environ.get("BKUPFS") or os.path.join(
        BUILD, "src", "bkupfs", "bkupfs")
    options = ("-o", "store=live")


class Rows:
    """Each gives seconds: natively, and through a mount."""

    def __init__(self, top, scale):
        self.files = os.path.join(top, "files")
        self.point = os.path.join(top, "mount")
        self.out = os.path.join(top, "out")
        self.size = max(MIB, int(1024 * MIB * scale))
        self.count = max(10, int(20000 * scale))
        os.makedirs(os.path.join(self.files, "tree"))
        with open(os.path.join(self.files, "large"), "wb") as file:
            for _ in range(self.size // MIB):
                file.write(os.urandom(MIB))
        for number in range(self.count):
            where = os.path.join(self.files, "tree", str(number // 100))
            os.makedirs(where, exist_ok=True)
            with open(os.path.join(where, str(number)), "wb") as file:
                file.write(os.urandom(1000))

    def both(self, native, live, before=lambda: None):
        before()
        first = timed(native, self.files)
        with Live(self.files, self.point) as mount:
            before()
            second = timed(live, mount.root)
        return first, second

    def read_warm(self):
        """cat of `data` from the page cache, the first time"""
        native = "cat large >/dev/null"
        timed(native, self.files)
        return self.both(native, "cat large/data >/dev/null")

    def read_again(self):
        """the same, a second time"""
        native = "cat large >/dev/null"
        first = timed(native, self.files)
        with Live(self.files, self.point) as mount:
            timed("cat large/data >/dev/null", mount.root)
            return first, timed("cat large/data >/dev/null", mount.root)

    def read_cold(self):
        """cat of `data` from the disk"""
        return self.both("cat large >/dev/null", "cat large/data >/dev/null",
                         drop_caches)

    def overwrite(self):
        """dd of zeros over `data`, in place"""
        dd = (f"dd if=/dev/zero of=%s bs=1M count={self.size // MIB} "
              "conv=notrunc,fdatasync status=none")
        return self.both(dd % "large", dd % "large/data")

    def walk(self):
        """find with stat over all files, the first time"""
        # As many as there are: a file has four entries or so in a mount.
        return self.both("find tree -printf '%s\\n' >/dev/null",
                         "find tree -maxdepth 2 -printf '%s\\n' >/dev/null")

    def rsync_out(self):
        """rsync -a of all files out, and rsync -aXA of them"""
        def clean():
            shutil.rmtree(self.out, ignore_errors=True)
        result = self.both(f"rsync -aXA tree/ {self.out}/",
                           f"rsync -a tree/ {self.out}/", clean)
        clean()
        return result


ROWS = ("read_warm", "read_again", "read_cold", "overwrite", "walk",
        "rsync_out")


def timed(command, directory):
    begin = time.monotonic()
    subprocess.run(command, shell=True, cwd=directory, check=True)
    return time.monotonic() - begin


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


def measure(rows, rounds):
    ratios = {name: [] for name in ROWS}
    for number in range(rounds):
        for name in ROWS:
            if sys.stderr.isatty():
                print(f"\rround {number + 1}: {name}\033[K", end="",
                      file=sys.stderr)
            native, live = getattr(rows, name)()
            ratios[name].append(native / live)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return ratios


def report(ratios):
    print("| row | | of native | from | to |")
    print("| --- | --- | ---: | ---: | ---: |")
    for name, values in ratios.items():
        print(f"| {name} | {getattr(Rows, name).__doc__} | "
              f"{statistics.median(values):.2f} | {min(values):.2f} | "
              f"{max(values):.2f} |")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--scale", type=float, default=1, metavar="X",
                        help="at 1, the default, 1 GiB and 20,000 files")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--directory", metavar="DIR",
                        help="where the files are made")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        print("skipped: only root may mount here")
        sys.exit(SKIPPED)
    top = tempfile.mkdtemp(prefix="bkupfs-bench.", dir=chosen.directory)
    try:
        ratios = measure(Rows(top, chosen.scale), chosen.rounds)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    report(ratios)
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(ratios, file, indent=1)


if __name__ == "__main__":
    main()
