#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Usage, help, and what standard output and input may be"""

import fcntl
import os
import signal
import subprocess

from cli_support import BKUP, Case, EXAMPLE, main, record, run
from nt_ids import DATA

PRINTING = (["ls", EXAMPLE], ["ls", "--json", EXAMPLE],
            ["cat", EXAMPLE, "data"], ["check", EXAMPLE],
            ["check", "--json", EXAMPLE], ["--help"], ["--version"],
            ["ls", "--help"])


class Usage(Case):
    def test_wrong_usage_is_said_and_status_2(self):
        for arguments, fault, verb in (
                ([], "no verb", ""),
                (["nope"], "unknown verb 'nope'", ""),
                (["--nope"], "wrong option '--nope'", ""),
                (["-x"], "wrong option '-x'", ""),
                (["ls", "--nope"], "wrong option '--nope'", "ls "),
                (["ls", "-x"], "wrong option '-x'", "ls "),
                (["ls", "--json=x"], "wrong option '--json=x'", "ls "),
                (["check", EXAMPLE, "--x"], "wrong option '--x'", "check "),
                (["cat", "--json", "a", "b"], "wrong option '--json'", "cat "),
                (["cat"], "no FILE", "cat "),
                (["cat", "a"], "no NAME", "cat "),
                (["cat", "a", "b", "c"], "too many arguments: 'c'", "cat "),
                (["unpack"], "no FILE", "unpack "),
                (["unpack", "a"], "no DIR", "unpack "),
                (["unpack", "a", "b", "c"], "too many arguments: 'c'",
                 "unpack "),
                (["pack"], "no DIR", "pack "),
                (["pack", "-r", "a"], "no FILE", "pack "),
                (["normalize"], "no FILE", "normalize "),
                (["normalize", "a", "b", "c"], "too many arguments: 'c'",
                 "normalize "),
                (["pack", "-x", "a", "b"], "wrong option '-x'", "pack "),
                (["capture"], "no PATH", "capture "),
                (["capture", "-r", "a"], "no FILE", "capture "),
                (["capture", "a", "b", "c"], "too many arguments: 'c'",
                 "capture "),
                (["restore", "a"], "no PATH", "restore "),
                (["capture", "--dry-run"], "no PATH", "capture "),
                (["restore", "--dry-run", "-r", "a"], "no PATH", "restore "),
                (["restore", "--dry-run=x", "a", "b"],
                 "wrong option '--dry-run=x'", "restore "),
                (["restore", "--profile", "fat", "a", "b"],
                 "no profile 'fat'; there are ntfs-3g, ntfs-3g-xattr, ntfs3, "
                 "samba, posix", "restore ")):
            with self.subTest(arguments=arguments):
                self.expect(run(*arguments), status=2, out="", err=(
                    "bkup: %s\ntry 'bkup %s--help'\n" % (fault, verb)))

    def test_help_names_the_verbs(self):
        result = run("--help")
        self.expect(result)
        for verb in ("ls", "cat", "check", "unpack", "pack", "normalize",
                     "sddl", "capture", "restore"):
            self.assertIn(b"\n  %-9s " % verb.encode(), result.out)
            help_ = run(verb, "--help")
            self.expect(help_)
            self.assertTrue(help_.out.startswith(
                b"usage: bkup %s " % verb.encode()))
            self.expect(run(verb, "nope", "--help", "nope"), out=help_.out)

    def test_version_is_one_line(self):
        result = run("--version")
        self.expect(result)
        self.assertRegex(result.out.decode(), r"^bkup [0-9]+(\.[0-9]+)*\n$")

    def test_help_after_dashes_is_a_file(self):
        self.expect(run("ls", "--", "--help"), status=2, out="", err=(
            "bkup: cannot open '--help': No such file or directory\n"))

    def test_missing_files_are_said(self):
        self.expect(run("cat", "missing", "data"), status=2, out="", err=(
            "bkup: cannot open 'missing': No such file or directory\n"))
        self.expect(run("ls", ""), status=2, out="", err=(
            "bkup: cannot open '': No such file or directory\n"))

    def test_messages_cannot_command_a_terminal(self):
        self.expect(run("ls", "a\n\x1b[2J"), status=2, out="", err=(
            "bkup: cannot open 'a\\012\\033[2J': "
            "No such file or directory\n"))


class Standard(Case):
    def test_a_full_disk_is_seen(self):
        many = b"".join(record(DATA) for _ in range(5000))
        self.write("many", many)
        self.write("large", record(DATA, bytes(1 << 20)))
        for arguments in PRINTING + (
                ["ls", "many"], ["ls", "--json", "many"],
                ["cat", "large", "data"]):
            with self.subTest(arguments=arguments), \
                    open("/dev/full", "wb") as full:
                self.expect(run(*arguments, stdout=full), status=2, err=(
                    "bkup: cannot write to standard output: "
                    "No space left on device\n"))

    def test_a_closed_output_is_seen(self):
        for arguments in PRINTING:
            with self.subTest(arguments=arguments):
                result = run(*arguments, stdout=None,
                             preexec_fn=lambda: os.close(1))
                self.expect(result, status=2, err=(
                    "bkup: cannot write to standard output: "
                    "Bad file descriptor\n"))

    def test_a_closed_input_is_seen(self):
        for verb in ("ls", "check"):
            result = run(verb, stdin=None, preexec_fn=lambda: os.close(0))
            self.expect(result, status=2, err=(
                "bkup: cannot read '-': Bad file descriptor\n"))

    def test_a_file_does_not_become_a_closed_input(self):
        self.expect(run("ls", EXAMPLE, "-", stdin=None,
                        preexec_fn=lambda: os.close(0)), status=2,
                    err="bkup: cannot read '-': Bad file descriptor\n")

    def test_a_closed_standard_error_harms_nothing(self):
        result = run("cat", EXAMPLE, "data", stderr=None,
                     preexec_fn=lambda: os.close(2))
        self.assertEqual((result.status, result.out), (0, b"Unnamed Stream"))
        result = run("ls", "missing", stderr=None,
                     preexec_fn=lambda: os.close(2))
        self.assertEqual((result.status, result.out), (2, b""))

    def run_for_nobody(self, arguments, handler):
        """Runs with an output that nobody reads."""
        reading, writing = os.pipe()
        os.close(reading)
        try:
            return run(*arguments, stdout=writing, restore_signals=False,
                       preexec_fn=lambda: signal.signal(signal.SIGPIPE,
                                                        handler))
        finally:
            os.close(writing)

    def test_a_reader_who_went_away_is_no_fault(self):
        for arguments in PRINTING:
            with self.subTest(arguments=arguments):
                self.expect(self.run_for_nobody(arguments, signal.SIG_DFL),
                            status=-signal.SIGPIPE)
                self.expect(self.run_for_nobody(arguments, signal.SIG_IGN),
                            status=2)

    def test_handles_that_are_not_synchronous_are_refused(self):
        reading, writing = os.pipe()
        os.close(writing)
        fcntl.fcntl(reading, fcntl.F_SETFL, os.O_NONBLOCK)
        refusal = "handle is not synchronous: O_NONBLOCK or O_ASYNC is set\n"
        for arguments in (["ls"], ["cat", "-", "data"], ["check"]):
            with self.subTest(arguments=arguments):
                self.expect(run(*arguments, stdin=reading), status=2,
                            err="bkup: cannot read '-': " + refusal)
        os.close(reading)
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
        self.expect(run("cat", EXAMPLE, "data", stdout=writing), status=2,
                    err="bkup: cannot write to standard output: " + refusal)
        os.close(reading)
        os.close(writing)

    def test_what_is_needed_of_a_pipe_is_read_and_no_more(self):
        """cat ends when its stream has, though the writer goes on."""
        process = subprocess.Popen(
            [BKUP, "cat", "-", "security"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        process.stdin.write(record(3, b"abc"))
        process.stdin.flush()
        self.assertEqual(process.stdout.read(), b"abc")
        self.assertEqual(process.wait(timeout=60), 0)
        process.stdin.close()
        process.stdout.close()


if __name__ == "__main__":
    main()
