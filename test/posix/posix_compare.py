# SPDX-License-Identifier: BSD-2-Clause
"""Takes the steps of scripts on two sides, and tells where they differ."""

import time
from collections import namedtuple

from posix_objects import unify
from posix_sides import TICK, changes
from posix_users import describe

# A script is steps in a directory of their own, and ends at the first result
# that is declared to be another one here: what follows would not compare.
# kind: what the files in it are, for those who declare differences
# timed: the times that a step changes are compared too
Script = namedtuple("Script", "kind name steps timed", defaults=(False,))

# What differs. field: "result", "there" (is there such a path), "times", or
# one of posix_calls.shown; path is None for results. mode: what it is here.
Difference = namedtuple(
    "Difference", "script step path field ours theirs mode", defaults=(None,))


def tell(difference):
    step = difference.step
    where = f" {difference.path}" if difference.path else ""
    return (f"{difference.script.kind}: {difference.script.name}: "
            f"{describe(step)}:{where} {difference.field}: "
            f"{difference.ours!r}, ext4: {difference.theirs!r}")


# Calls after which nothing can look other than before.
LOOKING = {"stat", "lstat", "access", "readlink", "listdir", "chdir", "statfs",
           "getxattr", "getxattr_sized", "listxattr", "fstat", "getfl", "read",
           "pread", "lseek", "listdir_fd", "execute"}


class Comparison:
    """Runs scripts; counts; collects what differs and is not declared."""

    def __init__(self, declared):
        self.ours = self.theirs = None
        self.declared = declared
        self.scripts = self.steps = self.compared = 0
        self.occurred = {}  # {identifier: number of times}
        self.undeclared = []
        self.seen = set()  # beginnings of scripts that were compared

    def between(self, ours, theirs):
        """Whom to compare from now on."""
        self.ours, self.theirs = ours, theirs
        return self

    def run(self, script):
        self.scripts += 1
        self.objects, before = {}, []
        for side in (self.ours, self.theirs):
            side.begin(f"{self.scripts:05}")
            before.append(side.look() if script.timed else {})
        done = script.kind,
        for step in script.steps:
            if script.timed:
                time.sleep(TICK)
            self.steps += 1
            done += ((step.user.name, *step[1:]),)
            looks = done not in self.seen and (step.call not in LOOKING
                                               or script.timed)
            self.seen.add(done)
            if not self._take(script, step, before, looks):
                break

    def _take(self, script, step, before, looks):
        """Whether what follows can be compared."""
        results = [side.take(step) for side in (self.ours, self.theirs)]
        self.compared += 1
        if all(isinstance(result, dict) for result in results):
            self._compare_fields(script, step, str(step.args[0]), *results)
        elif results[0] != results[1]:
            self._note(Difference(script, step, None, "result", *results))
            return False
        if script.kind == "stream" and step.call not in LOOKING \
                and not script.timed:
            self.objects, unified = unify(self.theirs.where, self.objects)
            if unified:
                self._count("object")
        if looks:
            self._compare_looks(script, step, before)
        return True

    def _compare_looks(self, script, step, before):
        after = [side.look() for side in (self.ours, self.theirs)]
        self._compare_states(script, step, *after)
        if script.timed:
            self._compare_times(script, step, before, after)
            before[:] = after

    def _compare_states(self, script, step, ours, theirs):
        for path in sorted(ours.keys() | theirs.keys()):
            self.compared += 1
            if path not in ours or path not in theirs:
                self._note(Difference(script, step, path, "there",
                                      path in ours, path in theirs))
                continue
            self._compare_fields(script, step, path, ours[path], theirs[path])

    def _compare_fields(self, script, step, path, ours, theirs):
        for field, value in ours.items():
            if field != "times" and value != theirs[field]:
                self._note(Difference(script, step, path, field, value,
                                      theirs[field], ours.get("mode")))

    def _compare_times(self, script, step, before, after):
        ours, theirs = (changes(*pair) for pair in zip(before, after))
        for path in sorted(ours.keys() & theirs.keys()):
            self.compared += 1
            if ours[path] != theirs[path]:
                self._note(Difference(script, step, path, "times",
                                      ours[path], theirs[path],
                                      after[0][path]["mode"]))

    def _count(self, identifier):
        self.occurred[identifier] = self.occurred.get(identifier, 0) + 1

    def _note(self, difference):
        for identifier, matches in self.declared.items():
            if matches(difference):
                self._count(identifier)
                return
        self.undeclared.append(difference)

    def never(self):
        """What is declared, and did not occur."""
        return sorted(self.declared.keys() - self.occurred.keys())
