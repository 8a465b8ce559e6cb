#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Completes command lines in real shells, on a terminal: completion.py SHELL

Environment: BKUP and BKUPFS, the programs. Status 77: the shell is missing.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
COMPLETION = os.path.join(TOP, "contrib", "completion")
SAMPLE = os.path.join(TOP, "test", "data", "nt-backup",
                      "ms-bkup-section3-example.bin")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
TIMEOUT = 30  # seconds until something must have been shown
QUIET = 0.5  # seconds after which nothing more comes
ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[=>])|\x07|\r")

START = {
    "bash": [
        "PS1='ready> '",
        "bind 'set bell-style none'",
        "bind 'set enable-bracketed-paste off'",
        "bind 'set show-all-if-ambiguous on'",
        f". {BASH_COMPLETION}",
        f". {COMPLETION}/bkup.bash",
        f". {COMPLETION}/bkupfs.bash",
    ],
    "zsh": [
        "PS1='ready> '",
        "unsetopt zle_bracketed_paste beep prompt_sp",
        f"fpath=({COMPLETION} $fpath)",
        "autoload -Uz compinit",
        "compinit -u -D",
    ],
}
COMMAND = {"bash": ["bash", "--norc", "--noprofile", "-i"],
           "zsh": ["zsh", "-f", "-i"]}


class Shell:
    """A shell on a terminal of its own."""

    def __init__(self, name, directory):
        os.mkdir(os.path.join(directory, "bin"))
        for program in ("BKUP", "BKUPFS"):
            os.symlink(os.path.abspath(os.environ[program]), os.path.join(
                directory, "bin", program.lower()))
        environment = {
            "HOME": directory, "TERM": "dumb", "LC_ALL": "C.UTF-8",
            "COLUMNS": "200", "LINES": "50",
            "PATH": f"{directory}/bin:" + os.environ["PATH"],
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            COMMAND[name], stdin=slave, stdout=slave, stderr=slave,
            cwd=directory, env=environment, start_new_session=True)
        os.close(slave)
        for number, line in enumerate(START[name]):
            self.send(f"{line}; echo done-$(({number}+1000))\n")
            self.read_until(f"done-{number + 1000}".encode())
        self.read_rest()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def send(self, text):
        os.write(self.master, text.encode())

    def read_some(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        return os.read(self.master, 65536)

    def read_until(self, what):
        shown = b""
        end = time.monotonic() + TIMEOUT
        while what not in ESCAPES.sub(b"", shown):
            if time.monotonic() > end:
                raise AssertionError(f"no {what!r} in {shown!r}")
            shown += self.read_some(1)
        return shown

    def read_rest(self):
        shown, more = b"", b"x"
        while more:
            more = self.read_some(QUIET)
            shown += more
        return ESCAPES.sub(b"", shown).decode()

    def complete(self, line, expected):
        """What is shown after TAB: all that is expected, sooner or later."""
        self.send(line + "\t")
        shown, end = "", time.monotonic() + TIMEOUT
        while (not all(word in shown for word in expected) and
               time.monotonic() < end):
            shown += self.read_rest()
        self.send("\x15")  # gives the line up
        self.read_rest()
        return shown


def tool(program, *arguments):
    """What a program says of itself."""
    return subprocess.run([os.environ[program], *arguments, "--help"],
                          stdout=subprocess.PIPE, check=True,
                          timeout=TIMEOUT).stdout.decode()


def verbs():
    listed = tool("BKUP").partition("\nverbs:\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


class Completion(unittest.TestCase):
    shell = None

    def expect(self, line, *expected, absent=()):
        shown = self.shell.complete(line, expected)
        for word in expected:
            self.assertIn(word, shown)
        for word in absent:
            self.assertNotIn(word, shown.replace(line, "", 1))

    def test_offers_every_verb(self):
        self.assertGreaterEqual(len(verbs()), 3)
        self.expect("bkup ", *verbs())

    def test_completes_a_verb(self):
        self.expect("bkup che", "bkup check ")

    def test_offers_the_options_of_each_verb(self):
        for verb in verbs():
            options = re.findall(r"^ *(--[a-z-]+)", tool("BKUP", verb),
                                 re.MULTILINE)
            self.assertIn("--help", options)
            if len(options) > 1:
                self.expect(f"bkup {verb} --", *options)
            else:
                self.expect(f"bkup {verb} --h", f"bkup {verb} --help")

    def test_completes_files(self):
        self.expect("bkup ls a\\ fi", "bkup ls a\\ file.bkup ")

    def test_offers_the_streams_of_a_file(self):
        self.expect("bkup cat a\\ file.bkup ", "security", "data", "stream1")

    def test_completes_a_stream(self):
        self.expect("bkup cat a\\ file.bkup sec", "file.bkup security")
        self.expect("bkup cat a\\ file.bkup :str", "file.bkup :stream1")

    def test_offers_no_streams_of_what_is_no_file(self):
        os.mkfifo("fifo")
        self.expect("bkup cat fifo ", absent=("security",))

    def test_offers_the_options_of_the_daemon(self):
        self.expect("bkupfs --", "--help", "--version", "--wait")

    def test_offers_mount_options(self):
        self.expect("bkupfs -o ", "order=", "sync=", "timeout=", "salvage",
                    "allow_other", "max_streams=", "sandbox=", "io_uring")
        self.expect("bkupfs -o allow_other,sal", "allow_other,salvage")
        self.expect("bkupfs -o order=can", "order=canonical")

    def test_completes_directories_only(self):
        self.expect("bkupfs a", "bkupfs adir/", absent=("file.bkup",))


def run(name):
    needed = [COMMAND[name][0]]
    for command in needed:
        if not shutil.which(command):
            print(f"skipped: no {command}")
            return 77
    if name == "bash" and not os.path.exists(BASH_COMPLETION):
        print("skipped: no bash-completion")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        shutil.copy(SAMPLE, "a file.bkup")
        os.mkdir("adir")
        Completion.shell = Shell(name, directory)
        try:
            program = unittest.main(exit=False, verbosity=2,
                                    argv=sys.argv[:1])
        finally:
            Completion.shell.close()
            os.chdir("/")
    return 0 if program.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
