# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmarks that mount have in common: options, and the way from
them to an exit status."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from bench_sides import Bkupfs

SKIPPED = 77
BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "..", "..", "build", "release")


def add_options(parser):
    parser.add_argument("--json", metavar="FILE",
                        help="write the figures of every round there, too")
    parser.add_argument("--dir", metavar="DIR",
                        help="make the data in DIR (default: $TMPDIR, /tmp)")
    parser.add_argument("--bkupfs", metavar="FILE",
                        default=os.environ.get("BKUPFS") or os.path.join(
                            BUILD, "src", "bkupfs", "bkupfs"),
                        help="the daemon (default: $BKUPFS, build/release)")


def directory(stack, prefix, where):
    """A new one, that goes with the stack; a mount that would not go is not
    emptied."""
    path = tempfile.mkdtemp(prefix=prefix, dir=where)
    stack.callback(subprocess.run, ["rm", "-rf", "--one-file-system", path],
                   check=False)
    return path


def _missing():
    """Why nothing can be mounted, or None."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        return "only root can mount without fusermount3"
    return None


def run(name, action, args):
    """Calls action(args, stack), whose stack is left whatever happens. Returns
    an exit status."""
    reason = _missing()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    Bkupfs.binary = args.bkupfs
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        with contextlib.ExitStack() as stack:
            action(args, stack)
    except KeyboardInterrupt:
        return 1
    except (OSError, RuntimeError, subprocess.CalledProcessError) as fault:
        print(f"{name}: {fault}", file=sys.stderr)
        return 1
    return 0
