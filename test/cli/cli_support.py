# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the tool share: making backup files that lie, and running
the tool."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "support"))

from nt_ids import HEADER  # noqa: E402
from nt_names import utf16  # noqa: E402
from nt_records import fold  # noqa: E402

# Absolute, since the tests change their directory; else it is in PATH.
BKUP = shutil.which(os.environ.get("BKUP", "bkup")) or "bkup"
BKUP = os.path.abspath(BKUP) if os.sep in BKUP else BKUP
SAMPLES = os.path.join(TESTS, "data", "nt-backup")
EXAMPLE = os.path.join(SAMPLES, "ms-bkup-section3-example.bin")
WINDOWS = os.path.join(SAMPLES, "windows-sacl-and-zone-identifier.bin")
EFS_MAGIC = b"\0\1\0\0R\0O\0B\0S\0"
TIMEOUT = 60  # seconds, for one run of the tool


def record(stream_id, payload=b"", name="", attributes=0, size=None,
           name_size=None):
    """One record; size and name_size may lie."""
    raw = name if isinstance(name, bytes) else utf16(name)
    return HEADER.pack(stream_id, attributes,
                       len(payload) if size is None else size,
                       len(raw) if name_size is None else name_size
                       ) + raw + payload


def contents(backup):
    """The contents of all streams, in order."""
    return [stream.content(backup) for stream in fold(backup)]


class Result:
    def __init__(self, status, out, err, usage):
        self.status, self.out, self.err = status, out, err
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024


def run(*arguments, data=None, **options):
    """Runs the tool; data comes through a pipe. options are Popen's."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    if data is not None:
        options["stdin"] = subprocess.PIPE
    options.setdefault("stdin", subprocess.DEVNULL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([BKUP, *arguments], **options)
    try:
        out, err = process.communicate(data, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    usage = resource.struct_rusage(
        [a - b if i < 2 else a for i, (a, b) in enumerate(zip(after, before))])
    return Result(process.returncode, out, err, usage)


class Case(unittest.TestCase):
    """A test with a directory of its own, in which it runs."""

    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="bkup-cli-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.dir)

    def write(self, path, data):
        parent = os.path.dirname(path)
        if parent:
            os.makedirs(parent, exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def expect(self, result, status=0, out=None, err=b""):
        """Compares what a run said; out None is anything."""
        err = err.encode() if isinstance(err, str) else err
        out = out.encode() if isinstance(out, str) else out
        self.assertEqual((result.status, result.err), (status, err))
        if out is not None:
            self.assertEqual(result.out, out)


def main():
    """Runs the tests of the script; 77 if each of them was skipped."""
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful() or result.testsRun == 0:
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
