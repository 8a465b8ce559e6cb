#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How far a verb is: on a terminal, after a second"""

import os
import pty
import re
import subprocess
import threading
import time

from cli_support import BKUP, Case, main, record
from nt_ids import DATA

BYTES = rb"[0-9.]+ ([KMG]iB|bytes)"
LEFT = (rb"\r" + BYTES + rb" of 64\.0 GiB, " + BYTES + rb"/s, [0-9]+ s left")
LINE = (rb"\r[0-9.]+ [KM]?i?B?(bytes)?, [0-9.]+ [KM]?i?B?(bytes)?/s\x1b\[K")


class Progress(Case):
    def feed(self, arguments, stderr):
        """Runs with input that comes slowly."""
        process = subprocess.Popen(
            [BKUP, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=stderr)
        process.stdin.write(record(DATA, size=16 << 20))
        for _ in range(16):
            process.stdin.write(bytes(1 << 20))
            process.stdin.flush()
            time.sleep(0.1)
        return process

    def shown(self, arguments):
        ours, theirs = pty.openpty()
        process = self.feed(arguments, theirs)
        os.close(theirs)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), 0)
        shown = b""
        try:
            while True:
                shown += os.read(ours, 65536)
        except OSError:  # EIO: everybody has closed it
            os.close(ours)
        return shown

    def test_is_shown_on_a_terminal_and_wiped_out(self):
        for arguments in (["cat", "-", "data"], ["unpack", "-", "d"],
                          ["ls", "-"]):
            with self.subTest(arguments=arguments):
                self.assertRegex(self.shown(arguments),
                                 rb"^(" + LINE + rb")+\r\x1b\[K$")

    def test_tells_how_long_it_will_take(self):
        """A file that takes long is one of zeros, none of which is stored."""
        with open("f", "wb") as file:
            file.write(record(DATA, size=64 << 30))
            file.truncate(20 + (64 << 30))
        os.mkdir("t")
        os.rename("f", "t/f")
        for arguments in (["check", "--digest", "t"], ["cat", "t/f", "data"]):
            ours, theirs = pty.openpty()
            with self.subTest(arguments=arguments), subprocess.Popen(
                    [BKUP, *arguments], stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=theirs) as process:
                drain = threading.Thread(
                    target=lambda: [None for _ in iter(
                        lambda: process.stdout.read(1 << 20), b"")])
                drain.start()
                shown = b""
                while not re.search(LEFT, shown):
                    shown += os.read(ours, 65536)
                process.terminate()
                drain.join()
            os.close(theirs)
            os.close(ours)

    def test_is_not_shown_in_a_pipe(self):
        process = self.feed(["unpack", "-", "d"], subprocess.PIPE)
        _, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (0, b""))


if __name__ == "__main__":
    main()
