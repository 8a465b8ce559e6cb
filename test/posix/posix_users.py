# SPDX-License-Identifier: BSD-2-Clause
"""Who does what: users, and the steps that they take.

OWNER.mkdir("d", 0o755) is a step: a call, its arguments, and who makes it with
which umask. Nothing is done by that; see posix_worker.py.
"""

from collections import namedtuple

Step = namedtuple("Step", "user umask call args")
Fd = namedtuple("Fd", "slot")  # as an argument: what `hold` has opened

GROUP, SIDE_GROUP = 61001, 61009
UMASK = 0o022


class User:
    """A user with his groups; any attribute is a call that he can make."""

    def __init__(self, name, uid, gid, groups=(), umask=UMASK):
        self.name, self.uid, self.gid, self.groups = name, uid, gid, groups
        self.umask = umask

    def masked(self, umask):
        """The same user with another umask."""
        return User(self.name, self.uid, self.gid, self.groups, umask)

    def __getattr__(self, call):
        if call.startswith("__"):
            raise AttributeError(call)
        return lambda *args: Step(self, self.umask, call, args)

    def __repr__(self):
        return self.name


ROOT = User("root", 0, 0)
OWNER = User("owner", 61001, GROUP, (SIDE_GROUP,))
MEMBER = User("member", 61002, GROUP)
SUPPLEMENTARY = User("supplementary", 61003, 61003, (GROUP, SIDE_GROUP))
OTHER = User("other", 61004, 61004)
USERS = (ROOT, OWNER, MEMBER, SUPPLEMENTARY, OTHER)
COMMON = USERS[1:]


def describe(step):
    """A step as one line of text."""
    def shorten(arg):
        text = oct(arg) if type(arg) is int and arg > 7 else repr(arg)
        return text if len(text) < 60 else f"{text[:50]}… ({len(text)})"
    umask = "" if step.umask == UMASK else f" umask {step.umask:03o}"
    return f"{step.user}{umask}: {step.call}" \
           f"({', '.join(shorten(arg) for arg in step.args)})"
