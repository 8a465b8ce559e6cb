# SPDX-License-Identifier: BSD-2-Clause
"""A process for each user, which makes the calls of his steps."""

import errno
import multiprocessing
import os
import resource
import signal
import sys

from posix_calls import CALLS
from posix_users import Fd

# No call takes that long; one that hangs ends its worker, and the test.
PATIENCE = 60
CLOSED = 999  # a descriptor that nobody has


class _Doing:
    """What a worker has open between steps."""

    def __init__(self):
        self.held = {}

    def hold(self, slot, path, flags, mode=0o666):
        self.held[slot] = os.open(path, flags, mode)

    def close(self, fd):
        self.held = {slot: held for slot, held in self.held.items()
                     if held != fd}
        os.close(fd)

    def limited(self, size, call, *args):
        """A call while files may not grow beyond a size."""
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
        try:
            return self.run(call, args)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)

    def run(self, call, args):
        args = [self.held.get(arg.slot, CLOSED) if isinstance(arg, Fd) else arg
                for arg in args]
        return (getattr(self, call, None) or CALLS[call])(*args)

    def begin(self, where):
        """Forgets what is open, and goes to another directory."""
        for fd in self.held.values():
            try:
                os.close(fd)
            except OSError:
                pass
        self.held = {}
        os.chdir(where)


def _work(pipe, user):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    doing = _Doing()
    while True:
        try:
            umask, call, args = pipe.recv()
        except EOFError:
            return
        signal.alarm(PATIENCE)
        os.umask(umask)
        try:
            result = doing.run(call, args)
        except OSError as error:
            result = errno.errorcode[error.errno]
        signal.alarm(0)
        pipe.send(result)


class Worker:
    """Makes calls as one user."""

    def __init__(self, user):
        self.pipe, theirs = multiprocessing.Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.pipe.close()
            try:
                _work(theirs, user)
            except BaseException as error:
                print(f"worker of {user}: {error!r}", file=sys.stderr)
                os._exit(1)
            os._exit(0)
        theirs.close()

    def call(self, umask, call, args):
        self.pipe.send((umask, call, args))
        return self.pipe.recv()

    def end(self):
        self.pipe.close()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Workers:
    """All users in one directory tree."""

    def __init__(self):
        self.workers = {}

    def begin(self, where):
        """Whoever takes a step from now on begins there, with nothing open."""
        self.where = where
        self.begun = set()

    def take(self, step):
        """Takes a step; returns its result, or the name of an errno."""
        name = step.user.name
        worker = self.workers.get(name)
        if not worker:
            worker = self.workers[name] = Worker(step.user)
        if name not in self.begun:
            worker.call(0, "begin", (self.where,))
            self.begun.add(name)
        return worker.call(step.umask, step.call, step.args)

    def end(self):
        for worker in self.workers.values():
            worker.end()
        self.workers = {}
