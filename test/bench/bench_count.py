# SPDX-License-Identifier: BSD-2-Clause
"""FUSE requests and system calls of a daemon, counted by strace(1).

The kernel's requests are what the daemon reads from /dev/fuse: such a read
begins with the length, which is also the result, and the opcode.
"""

import collections
import os
import re
import shutil
import struct
import subprocess
import time

PATIENCE = 20
OPCODES = dict(enumerate(
    "? LOOKUP FORGET GETATTR SETATTR READLINK SYMLINK ? MKNOD MKDIR UNLINK "
    "RMDIR RENAME LINK OPEN READ WRITE STATFS RELEASE ? FSYNC SETXATTR "
    "GETXATTR LISTXATTR REMOVEXATTR FLUSH INIT OPENDIR READDIR RELEASEDIR "
    "FSYNCDIR GETLK SETLK SETLKW ACCESS CREATE INTERRUPT BMAP DESTROY IOCTL "
    "POLL NOTIFY_REPLY BATCH_FORGET FALLOCATE READDIRPLUS RENAME2 LSEEK "
    "COPY_FILE_RANGE SETUPMAPPING REMOVEMAPPING SYNCFS TMPFILE STATX".split()))
CALL = re.compile(r"^\d+\s+(\w+)\(")
READ = re.compile(
    r"^\d+\s+(?:read\(|<\.\.\. read resumed>).*?"
    r'"((?:\\x[0-9a-f]{2}){8})"\.\.\..*= (\d+)')
HEADER = struct.Struct("<II")
HEADER_SIZE = 40

missing = None if shutil.which("strace") else "strace is not installed"


class Counter:
    """Counts what a process does while the block runs."""

    def __init__(self, pid, log):
        self.pid, self.log = pid, log
        self.calls = collections.Counter()
        self.requests = collections.Counter()
        self.strace = None

    def __enter__(self):
        self.strace = subprocess.Popen(
            ["strace", "-f", "-q", "-xx", "-s", "8", "-o", self.log,
             "-p", str(self.pid)], stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self._attached():
            if self.strace.poll() is not None or time.monotonic() > end:
                self._stop()
                raise RuntimeError("strace cannot trace the daemon")
            time.sleep(0.01)
        return self

    def _attached(self):
        try:
            return all(self._is_traced(thread) for thread in
                       os.listdir(f"/proc/{self.pid}/task"))
        except (FileNotFoundError, ProcessLookupError):
            return False  # one has ended meanwhile

    def _is_traced(self, thread):
        with open(f"/proc/{self.pid}/task/{thread}/status", encoding="ascii",
                  errors="replace") as status:
            return "TracerPid:\t0\n" not in status

    def _stop(self):
        self.strace.terminate()
        self.strace.wait()

    def __exit__(self, *_):
        self._stop()
        with open(self.log, encoding="ascii", errors="replace") as lines:
            for line in lines:
                self._take(line)
        os.unlink(self.log)

    def _take(self, line):
        call = CALL.match(line)
        if call:
            self.calls[call.group(1)] += 1
        read = READ.match(line)
        if not read:
            return
        begin = bytes.fromhex(read.group(1).replace("\\x", ""))
        length, opcode = HEADER.unpack(begin)
        if length == int(read.group(2)) >= HEADER_SIZE and opcode in OPCODES:
            self.requests[OPCODES[opcode]] += 1
