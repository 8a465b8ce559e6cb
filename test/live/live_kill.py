#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon of a live store is killed at each of its calls that write, while
a client changes one file: what README.md says of crashes is true of it, and
the client can do it once more.

A kill before a call is one after the call before it. That a single call is cut
off in the middle is not tried.
"""

import os
import shutil
import stat
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from journey import PATIENCE, bkup
from kill_case import (KillCase, neither, passes_through, state,
                       why_untraced)
from kill_files import STREAM, new_file, old_file
from mountcase import read, run_cases, skip_all, write

SECURITY = {"posix": ("owner", "permissions"), "samba": ("security.NTACL",)}
BASIC = {"posix": ("mtime",), "samba": ("mtime", "user.DOSATTRIB")}
EAS = ("user.changed", "user.removed", "user.added")


def scratch(path, data):
    """Writes a new version as most programs do."""
    where, name = os.path.split(path)
    write(os.path.join(where, "." + name + ".new"), data)
    os.rename(os.path.join(where, "." + name + ".new"), path)


def copy(name, how=write):
    """The step that gives an object a stream of the model."""
    def step(point):
        how(f"{point}/object/{name}", read(f"{point}/model/{name}"))
    return step


def remove(name):
    """Which may be gone if the step is made again."""
    def step(point):
        if os.path.exists(f"{point}/object/{name}"):
            os.unlink(f"{point}/object/{name}")
    return step


# Until all is there.
RENAMED_DATA = copy("data", scratch)


def of_model(*parts):
    """They become, or are missing, as in the model."""
    return lambda _, model: {part: model.get(part) for part in parts}


def is_beginning(found, old, new):
    return found == old or new.startswith(found)


def is_mixture(found, old, new):
    return len(found) == len(old) == len(new) and all(
        byte in pair for byte, pair in zip(found, zip(old, new)))


class Daemon(KillCase):
    def setUp(self):
        super().setUp()
        self.source = self.at("source")
        self.reverse = False  # whether the model is the old file

    def under(self, name):
        return os.path.join(self.source, name)

    def fill(self, profile):
        if os.path.exists(self.source):
            shutil.rmtree(self.source)
        os.mkdir(self.source)
        makers = old_file, new_file
        names = ("model", "object") if self.reverse else ("object", "model")
        for name, make in zip(names, makers):
            make(self.under(name), profile)

    def look(self, mount):
        """All that is shown can be read; returns scratch of the object."""
        for where, _, names in os.walk(mount.point):
            for name in names:
                read(os.path.join(where, name))
        return {name: read(f"{mount.point}/object/{name}")
                for name in os.listdir(f"{mount.point}/object")
                if name.startswith(".")}

    def finish(self, profile, step):
        """The step is made after a new mount, which leaves nothing."""
        mount = self.serve(self.source, profile)
        seen = self.look(mount)
        step(mount.point)
        mount.stop()
        self.check_log()
        return seen

    def check_left(self):
        """What stands in the control directory, bkup check tells."""
        control = self.under(".bkupfs")
        if not os.path.isdir(control):
            return
        told = subprocess.run([bkup(), "check", control], check=False,
                              capture_output=True, timeout=PATIENCE)
        for name in os.listdir(control):
            self.assertRegex(name, "^(scratch|(stage|new)-[0-9a-f]{16}"
                                   "|new-special-[0-9a-f]+-[0-9]+)$")
            if name != "scratch":
                self.assertIn(f"{name}' (", told.stdout.decode())

    def during(self, point, profile, step):
        """Killed there, or not: whether it was, and whether the step was
        made; the model is as it was."""
        model = state(self.under("model"))
        done = self.killed_during(self.serve(self.source, profile), point,
                                  step)
        self.check_left()
        self.assertEqual(state(self.under("model")), model)
        return done

    def passed_through(self):
        if passes_through():
            print("skipped: kills at writes of data: the kernel makes them")
            self.least = 0

    def scene(self, profile, step, changes, data=None):
        """A step changes an object; changes(old, model) tells its parts then.

        data: what tells whether a content, in between, is allowed; its time is
        any then.
        """
        free = ("mtime",) if data else ()

        def attempt(point):
            self.fill(profile)
            old = state(self.under("object"))
            new = {part: value for part, value in {
                **old, **changes(old, state(self.under("model")))}.items()
                   if value is not None}
            killed, made = self.during(point, profile, step)
            found = state(self.under("object"))
            self.assertEqual(
                neither(found, old, new, (*free, "data") if data else ()), {})
            if data:
                self.assertTrue(data(found["data"], old["data"], new["data"]))
            if made:
                self.assertEqual(neither(found, new, new, free), {})
            seen = self.finish(profile, step)
            if found["data"] not in (old["data"], new["data"]) \
                    and step is RENAMED_DATA:
                self.assertEqual(seen, {".data.new": new["data"]})
            self.assertEqual(neither(state(self.under("object")), new, new,
                                     free), {})
            self.assertEqual(sorted(os.listdir(self.source)),
                             ["model", "object"])
            return killed
        self.kills(attempt)

    def test_security_posix(self):
        self.scene("posix", copy("security"), of_model(*SECURITY["posix"]))

    def test_security_posix_gets_acl(self):
        self.reverse = True
        self.scene("posix", copy("security", scratch),
                   of_model(*SECURITY["posix"]))

    def test_security_samba(self):
        self.scene("samba", copy("security"), of_model(*SECURITY["samba"]))

    def test_security_samba_renamed(self):
        self.scene("samba", copy("security", scratch),
                   of_model(*SECURITY["samba"]))

    def test_ea_posix(self):
        self.scene("posix", copy("ea"), of_model(*EAS))

    def test_ea_samba_renamed(self):
        self.scene("samba", copy("ea", scratch), of_model(*EAS))

    def test_ea_removed(self):
        self.scene("posix", remove("ea"), lambda *_: dict.fromkeys(EAS))

    def test_alternate(self):
        self.scene("samba", copy(":changed"),
                   of_model(STREAM.format("changed")))

    def test_alternate_renamed(self):
        self.scene("samba", copy(":added", scratch),
                   of_model(STREAM.format("added")))

    def test_alternate_removed(self):
        self.scene("samba", remove(":removed"),
                   of_model(STREAM.format("removed")))

    def test_basic_info_posix(self):
        self.scene("posix", copy("basic_info"), of_model(*BASIC["posix"]))

    def test_basic_info_samba(self):
        self.scene("samba", copy("basic_info"), of_model(*BASIC["samba"]))

    def test_data_in_place(self):
        """Each byte is old or new, and none beside changes."""
        writes = ((0, b"x" * 100), (50000, b"y" * 9000), (70000, b"z"))

        def step(point):
            fd = os.open(point + "/object/data", os.O_WRONLY)
            try:
                for at, text in writes:
                    os.pwrite(fd, text, at)
            finally:
                os.close(fd)

        def changes(old, _):
            data = old["data"]
            for at, text in writes:
                data = data[:at] + text + data[at + len(text):]
            return {"data": data}
        self.passed_through()
        self.scene("posix", step, changes, is_mixture)

    def test_data_overwritten(self):
        self.passed_through()
        self.scene("posix", copy("data"), of_model("data"), is_beginning)

    def test_data_renamed(self):
        """It is copied: as long as not all is there, scratch has it."""
        self.scene("samba", RENAMED_DATA, of_model("data"), is_beginning)

    def test_backup_posix(self):
        self.scene("posix", copy(".view/backup"),
                   of_model("data", *SECURITY["posix"], *EAS), is_beginning)

    def test_backup_samba(self):
        """Streams that do not come stay, and there is no basic_info."""
        self.scene("samba", copy(".view/backup"), of_model(
            "data", *SECURITY["samba"], *EAS, STREAM.format("changed"),
            STREAM.format("added")), is_beginning)

    def making(self, profile, children, like="model", but=()):
        """A new object becomes what the model is: stream after stream is
        there, or not yet."""
        def step(point):
            os.makedirs(point + "/new", exist_ok=True)
            for name in children:
                write(f"{point}/new/{name}", read(f"{point}/{like}/{name}"))

        def attempt(point):
            self.fill(profile)
            os.symlink("target", self.under("link"))
            model = state(self.under(like))
            killed, made = self.during(point, profile, step)
            found = state(self.under("new"))
            if found:
                self.assertIn(found["type"],
                              (stat.S_IFDIR, stat.S_IFREG, model["type"]))
                self.assertTrue(
                    model.get("data", b"").startswith(found.get("data", b"")))
                fresh = {"owner": (0, 0), "permissions": (
                    0o755 if found["type"] == stat.S_IFDIR else 0o644, None)}
                self.assertEqual(neither(found, fresh, model, (
                    "type", "data", "mtime")), {})
            if made:
                self.assertEqual(neither(found, model, model, but), {})
            self.finish(profile, step)
            self.assertEqual(neither(state(self.under("new")), model, model,
                                     but), {})
            self.assertEqual(sorted(os.listdir(self.source)),
                             ["link", "model", "new", "object"])
            return killed
        self.kills(attempt)

    def test_new_posix(self):
        self.making("posix", ("data", "security", "ea", "basic_info"))

    def test_new_samba(self):
        self.making("samba", (":changed", ":added", "data", "security", "ea",
                              "basic_info"))

    def test_new_of_a_backup(self):
        self.making("posix", (".view/backup",), but=("mtime",))

    def test_new_symlink(self):
        self.making("posix", ("reparse",), "link", but=("mtime",))


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip_all("only root may mount here")
    if why_untraced():
        skip_all(why_untraced())
    run_cases()
