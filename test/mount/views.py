#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Views in a mount: .view of every object, as shells and editors use it."""

import errno
import json
import mmap
import os
import shutil
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from imagecase import MIB, ImageCase
from mountcase import PATIENCE, MountCase, main, read, write, write_all
from nt_records import alternate, block, record

OWNER = b"O:SYG:SYD:(A;;FA;;;WD)\n"
OTHER = b"O:BAG:BAD:(A;;FA;;;SY)\n"
SAMPLES = os.path.join(os.path.dirname(__file__), "..", "data", "nt-backup")
PLAIN = record(1, 0, b"main") + alternate("a", b"alternate")
SPARSE = record(1, 8) + block(0, b"head") + block(1 << 20, b"tail") \
    + block(2 << 20) + alternate("a", b"alternate")


class Views(MountCase):
    def setUp(self):
        super().setUp()
        self.put("F", PLAIN)
        self.view = self.at("F/.view")
        self.sddl = self.at("F/.view/security.sddl")

    def shell(self, script, status=0):
        done = subprocess.run(["bash", "-c", script], cwd=self.point,
                              capture_output=True, check=False,
                              timeout=PATIENCE,
                              env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
        self.assertEqual(done.returncode, status, done.stderr)
        return (done.stdout + done.stderr).decode()

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")


class Reading(Views):
    def test_session(self):
        shutil.copy(os.path.join(SAMPLES, "ms-bkup-section3-example.bin"),
                    self.under("G"))
        os.utime(self.under("G"), (10**9, 10**9))
        os.chmod(self.under("G"), 0o640)
        self.mount()
        self.assertEqual(
            self.shell("ls -lAgG --time-style=+%s G G/.view"),
            "G:\ntotal 2\n"
            "-rw-r----- 1  15 1000000000 :stream1\n"
            "-rw-r----- 1  14 1000000000 data\n"
            "-rw-r----- 1 188 1000000000 security\n"
            "\nG/.view:\ntotal 2\n"
            "-rw-r----- 1 305 1000000000 backup\n"
            "-rw-r----- 1 196 1000000000 security.sddl\n"
            "-r--r----- 1 374 1000000000 streams.json\n")
        self.assertEqual(
            self.shell("cd G/.view; wc -c *; cat security.sddl streams.json"),
            "305 backup\n196 security.sddl\n374 streams.json\n875 total\n"
            "O:S-1-5-21-2127521184-1604012920-1887927527-9496"
            "G:S-1-5-21-2127521184-1604012920-1887927527-513"
            "D:(A;;FA;;;BA)(A;;FA;;;SY)"
            "(A;;FA;;;S-1-5-21-2127521184-1604012920-1887927527-9496)"
            "(A;;0x1200a9;;;BU)\n"
            "[\n"
            '{"name": "security", "id": 3, "type": "SECURITY_DATA", '
            '"attributes": 2, "offset": 0, "size": 188, '
            '"xxh3": "40f8230a2ecad3a3"},\n'
            '{"name": "data", "id": 1, "type": "DATA", "attributes": 0, '
            '"offset": 208, "size": 14, "xxh3": "04970254e52f3b18"},\n'
            '{"name": ":stream1", "id": 4, "type": "ALTERNATE_DATA", '
            '"attributes": 0, "offset": 242, "size": 15, '
            '"xxh3": "fb99fb750d80caf2"}\n'
            "]\n")
        self.assertEqual(self.shell("ls -a G; echo G/.v*"),
                         ".\n..\n:stream1\ndata\nsecurity\nG/.v*\n")
        self.assertEqual(self.shell("diff F/.view/backup G/.view/backup", 1),
                         "Binary files F/.view/backup and G/.view/backup "
                         "differ\n")
        self.assertEqual(self.shell("cmp -s G/.view/backup ../source/G; "
                                    "echo $?"), "0\n")

    def test_index(self):
        self.put("S", SPARSE)
        long = "".join(chr(0x20ac) for _ in range(1000))
        self.put("L", alternate(long, b"long"))
        self.mount()
        for name in "FSL":
            rows = json.loads(read(self.at(name, ".view/streams.json")))
            self.assertEqual([row["name"] for row in rows],
                             [os.fsdecode(child) for child
                              in self.streams(name)])
            for row in rows:
                path = self.at(name, row["name"])
                self.assertEqual(row["size"], os.stat(path).st_size)
                for key, value in (("xxh3", row["xxh3"]),
                                   ("id", str(row["id"])),
                                   ("offset", str(row["offset"]))):
                    self.assertEqual(
                        os.getxattr(path, "user.bkupfs." + key).decode(),
                        value)
        self.assertEqual(
            json.loads(read(self.at("S/.view/streams.json")))[0]["extents"],
            [[0, 4], [1 << 20, 4]])
        self.assertEqual(
            bytes.fromhex(json.loads(read(self.at("L/.view/streams.json")))
                          [0]["raw_name"]).decode("utf-16-le"),
            f":{long}:$DATA")

    def test_any_way_of_reading(self):
        self.mount()
        for name in ("backup", "streams.json"):
            path = os.path.join(self.view, name)
            whole = read(path)
            self.assertEqual(os.stat(path).st_size, len(whole))
            fd = os.open(path, os.O_RDONLY)
            self.addCleanup(os.close, fd)
            for at in range(0, len(whole), 7):
                self.assertEqual(os.pread(fd, 5, at), whole[at:at + 5])
            with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as mapped:
                self.assertEqual(mapped[:], whole)
            self.run_tool("cp", path, os.path.join(self.tmp, "copy"))
            self.assertEqual(read(os.path.join(self.tmp, "copy")), whole)
            self.assertEqual(self.run_tool("tail", "-c", "10", path).encode(),
                             whole[-10:])

    def test_stays_what_it_was_while_it_is_open(self):
        for linked in (False, True):
            with self.subTest(linked=linked):
                self.put("G", PLAIN * 3000)
                if linked:
                    os.link(self.under("G"), self.under("H"))
                self.mount()
                fd = os.open(self.at("G/.view/backup"), os.O_RDONLY)
                start = os.pread(fd, 100, 0)
                write(self.at("G/data"), b"another")
                os.truncate(self.at("G/:a"), 0)
                self.assertEqual(start + os.pread(fd, 1 << 20, 100),
                                 PLAIN * 3000)
                os.close(fd)
                self.assertEqual(read(self.at("G/.view/backup")),
                                 read(self.under("G")))
                self.mounts[-1].stop()

    def test_broken_file(self):
        self.put("B", b"broken")
        self.mount()
        self.fails(errno.EBADMSG, os.stat, self.at("B/.view"))
        self.fails(errno.EBADMSG, read, self.at("B/.view/backup"))

    def test_salvaged_file(self):
        self.put("B", PLAIN + b"broken")
        self.mount("-o", "salvage")
        self.assertEqual(read(self.at("B/.view/backup")), PLAIN)
        self.fails(errno.EROFS, write, self.at("B/.view/backup"), PLAIN)

    def test_read_only_mount(self):
        self.mount("-o", "ro")
        self.assertEqual(read(self.at("F/.view/backup")), PLAIN)
        self.assertEqual(len(json.loads(read(self.at("F/.view/streams.json")))),
                         2)
        self.fails(errno.EROFS, write, self.at("F/.view/backup"), PLAIN)
        self.assertEqual(os.listdir(self.source), ["F"])

    def test_malformed_stream(self):
        self.put("G", PLAIN + record(3, 2, b"no descriptor"))
        self.mount()
        path = self.at("G/.view/security.sddl")
        self.assertEqual(os.stat(path).st_size, 0)
        self.fails(errno.EBADMSG, read, path)
        self.assertEqual(len(self.mounts[-1].lines("'G/security': at offset")),
                         1)
        write(path, OWNER)
        self.assertEqual(read(path), OWNER)

    def test_names_and_kinds(self):
        self.mount()
        self.fails(errno.ENOENT, os.stat, self.sddl)
        self.fails(errno.EACCES, os.open, self.at("F/.view/streams.json"),
                   os.O_WRONLY)
        self.fails(errno.EINVAL, write, self.at("F/.view/4913"), b"")
        self.fails(errno.EPERM, os.unlink, self.at("F/.view/backup"))
        self.fails(errno.EPERM, os.unlink, self.at("F/.view/streams.json"))
        self.fails(errno.EPERM, os.rmdir, self.view)
        self.fails(errno.EXDEV, os.rename, self.at("F/data"),
                   self.at("F/.view/.data"))

    def test_other_users(self):
        self.put("G", PLAIN)
        os.chmod(self.under("G"), 0o600)
        self.mount()
        write(self.sddl, OWNER)
        script = f"""
            cat '{self.at("F/.view/security.sddl")}' &&
            ! cat '{self.at("G/.view/backup")}' &&
            ! ls '{self.at("G/.view")}' &&
            ! cp /dev/null '{self.at("F/.view/backup")}' &&
            ! rm -f '{self.at("F/.view/security.sddl")}' &&
            ! echo x >'{self.at("F/.view/.x")}'"""
        self.run_tool("setpriv", "--reuid", "1", "--regid", "1",
                      "--clear-groups", "sh", "-c", script)
        self.assertEqual(read(self.under("G")), PLAIN)


class Copies(Views):
    def names(self, tree):
        return sorted(os.path.relpath(os.path.join(top, name), tree)
                      for top, dirs, files in os.walk(tree)
                      for name in dirs + files)

    def test_are_never_of_views(self):
        self.need("rsync", "tar")
        self.mount()
        write(self.at("F/.view/.x.swp"), b"swap")
        os.mkdir(self.at("empty"))
        want = ["F", "F/:a", "F/data", "empty"]
        for command in ("rsync -a {0}/ {1}", "cp -a {0}/. {1}",
                        "tar -C {0} -cf - . | tar -C {1} -xf -"):
            with self.subTest(command=command):
                to = os.path.join(self.tmp, "to")
                os.mkdir(to)
                self.shell(command.format(self.point, to))
                self.assertEqual(self.names(to), want)
                shutil.rmtree(to)
        self.assertEqual(self.names(self.point), want)
        # It goes with the object, which can be removed like any other.
        shutil.rmtree(self.at("F"))
        self.assertEqual(os.listdir(self.point), ["empty"])
        self.mounts[-1].stop()
        self.assertEqual(os.listdir(self.source), ["empty"])

    def test_listed(self):
        self.need("rsync")
        self.mount("-o", "views=list")
        self.assertEqual(sorted(os.listdir(self.at("F"))),
                         [".view", ":a", "data"])
        to = self.directory("to")
        self.run_tool("rsync", "-a", self.point + "/", to)
        self.assertEqual(read(os.path.join(to, "F/.view/backup")), PLAIN)

    def test_off(self):
        self.mount("-o", "views=off")
        self.fails(errno.ENOENT, os.stat, self.view)
        self.fails(errno.EINVAL, os.mkdir, self.view)
        self.assertEqual(sorted(os.listdir(self.at("F"))), [":a", "data"])

    def test_scratch_of_another_mount(self):
        self.mount()
        write(self.at("F/.view/.x.swp"), b"swap")
        self.mounts[-1].stop()
        self.mount("-o", "views=off")
        self.assertEqual(read(self.at("F/.view/.x.swp")), b"swap")
        self.mounts[-1].stop()
        self.mount()
        self.assertEqual(sorted(os.listdir(self.view)),
                         [".x.swp", "backup", "streams.json"])
        os.unlink(self.at("F/.view/.x.swp"))
        self.mounts[-1].stop()
        self.assertEqual(os.listdir(self.source), ["F"])


class Whole(Views):
    def same(self, a, b):
        self.assertEqual(read(self.under(a)), read(self.under(b)))
        self.assertEqual(read(self.at(b, ".view/backup")),
                         read(self.under(b)))

    def test_clones(self):
        self.put("S", SPARSE)
        self.mount()
        self.shell("cat S/.view/backup >F/.view/backup")
        self.same("S", "F")
        self.assertEqual(os.stat(self.at("F/data")).st_size, 2 << 20)
        self.shell("mkdir new; cat S/.view/backup >new/.view/backup")
        self.same("S", "new")
        self.shell("mkdir other; cp S/.view/backup other/.view/backup")
        self.same("S", "other")
        self.shell("dd if=S/.view/backup of=F/.view/backup bs=7 status=none")
        self.same("S", "F")
        self.shell("cp -p S/.view/backup F/.view/")
        self.assertEqual(os.stat(self.under("F")).st_mtime_ns,
                         os.stat(self.under("S")).st_mtime_ns)
        self.assertEqual(os.listdir(self.at("new")),
                         os.listdir(self.at("S")))

    def test_clones_what_is_large(self):
        content = os.urandom(9 * MIB)
        self.put("G", record(1, 0, content) + alternate("a", b"one"))
        self.mount()
        self.shell("cat G/.view/backup >F/.view/backup")
        self.same("G", "F")
        self.assertEqual(read(self.at("F/data")), content)

    def test_keeps_what_is_not_in_it(self):
        path = self.under("F")
        os.chmod(path, 0o604)
        os.chown(path, 5, 6)
        os.setxattr(path, "user.one", b"1")
        self.put("G", record(3, 2, b"other"))
        self.mount()
        self.shell("cat G/.view/backup >F/.view/backup")
        st = os.stat(path)
        self.assertEqual((st.st_mode & 0o7777, st.st_uid, st.st_gid),
                         (0o604, 5, 6))
        self.assertEqual(os.getxattr(path, "user.one"), b"1")

    def test_keeps_hard_links(self):
        os.link(self.under("F"), self.under("L"))
        before = os.stat(self.under("F")).st_ino
        self.put("G", record(3, 2, b"other") * 100)
        self.mount()
        for source in "GF":
            want = read(self.under(source))
            write(self.at("F/.view/backup"), want)
            self.assertEqual(os.stat(self.under("F")).st_ino, before)
            self.assertEqual(read(self.under("L")), want)

    def test_malformed(self):
        self.mount()
        good = PLAIN + record(3, 2, b"security")
        for bad in (good[:-1], good + b"x", b"junk", good[:30],
                    record(9, 8, b"short"), b"\xff" * 40):
            with self.subTest(bad=bad):
                self.fails(errno.EBADMSG, write, self.at("F/.view/backup"), bad)
                self.assertEqual(read(self.under("F")), PLAIN)
                self.assertEqual(read(self.at("F/.view/backup")), PLAIN)
        self.assertEqual(len(self.mounts[-1].lines("nothing is changed")), 6)
        # A shell does not tell what close says.
        self.shell("echo junk >F/.view/backup")
        self.assertEqual(read(self.under("F")), PLAIN)
        os.mkdir(self.at("empty"))
        self.fails(errno.EBADMSG, write, self.at("empty/.view/backup"), b"x")
        os.mkdir(self.at("empty/sub"))

    def test_parts(self):
        self.mount()
        self.shell("printf MAIN | dd of=F/.view/backup conv=notrunc "
                   "bs=1 seek=20 status=none")
        self.assertEqual(read(self.at("F/data")), b"MAIN")
        more = record(3, 2, b"more")
        fd = os.open(self.at("F/.view/backup"), os.O_WRONLY | os.O_APPEND)
        write_all(fd, more)
        os.close(fd)
        self.assertEqual(read(self.at("F/security")), b"more")
        os.truncate(self.at("F/.view/backup"), 24)
        self.assertEqual(os.listdir(self.at("F")), ["data"])
        os.truncate(self.at("F/.view/backup"), 0)
        self.assertEqual(os.listdir(self.at("F")), [])
        self.fails(errno.EBADMSG, os.truncate, self.at("F/.view/backup"), 1)
        os.rmdir(self.at("F"))

    def test_conflict(self):
        self.mount()
        fd = os.open(self.at("F/.view/backup"), os.O_WRONLY)
        os.pwrite(fd, b"MAIN", 20)
        write(self.at("F/data"), b"mine")
        self.fails(errno.ESTALE, os.close, fd)
        self.assertEqual(read(self.at("F/data")), b"mine")
        kept = [name for name in os.listdir(self.view)
                if name.startswith(".backup.stage-")]
        self.assertEqual(len(kept), 1)
        self.assertEqual(read(self.at("F/.view", kept[0])),
                         PLAIN.replace(b"main", b"MAIN"))
        os.rename(self.at("F/.view", kept[0]), self.at("F/.view/backup"))
        self.assertEqual(read(self.at("F/data")), b"MAIN")

    def test_survives_remounting(self):
        self.put("G", SPARSE)
        self.mount()
        self.shell("cat G/.view/backup >F/.view/backup")
        self.remount()
        self.same("G", "F")


class Full(ImageCase):
    def test_no_space(self):
        content = PLAIN + record(3, 2, os.urandom(4 * MIB))
        self.put("F", PLAIN)
        self.mount()
        write(self.at("F/.view/.x"), b"x")
        fd = os.open(self.at("F/.view/backup"), os.O_RDWR)
        self.fill(leave=2 * MIB)
        with self.assertRaises(OSError) as caught:
            write_all(fd, content)
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        self.fails(errno.ENOSPC, os.close, fd)
        self.assertEqual(read(self.under("F")), PLAIN)
        self.assertEqual(read(self.at("F/.view/backup")), PLAIN)
        os.unlink(self.under("filler"))
        write(self.at("F/.view/backup"), content)
        self.assertEqual(read(self.under("F")), content)
        os.unlink(self.at("F/.view/.x"))


class Editing(Views):
    def setUp(self):
        super().setUp()
        self.mount()
        write(self.sddl, OWNER)
        self.before = self.contents("F")

    def edited(self, listed=("backup", "security.sddl", "streams.json")):
        """FA of OWNER became FR, and nothing else changed or was left."""
        self.assertEqual(read(self.sddl), OWNER.replace(b"FA", b"FR"))
        self.assertEqual(os.stat(self.sddl).st_size, len(OWNER))
        after = self.contents("F")
        self.assertNotEqual(after.pop(b"security"), self.before[b"security"])
        self.assertEqual(after, {name: content for name, content
                                 in self.before.items()
                                 if name != b"security"})
        self.assertEqual(sorted(os.listdir(self.view)), list(listed))
        self.assertEqual(sorted(os.listdir(self.at("F"))),
                         [":a", "data", "security"])

    def test_vim(self):
        self.need("vim")
        for copy in ("auto", "yes", "no"):
            for backup in ("nobackup", "backup"):
                with self.subTest(copy=copy, backup=backup):
                    write(self.sddl, OWNER)
                    self.shell(f"vim -es -u NONE -c 'set {backup} "
                               f"writebackup backupcopy={copy} backupskip= swapfile' "
                               "-c s/FA/FR/ -c wq F/.view/security.sddl")
                    kept = ("security.sddl~",) if backup == "backup" else ()
                    self.edited(("backup", "security.sddl", *kept,
                                 "streams.json"))
                    for name in kept:
                        self.assertEqual(read(self.at("F/.view", name)), OWNER)
                        os.unlink(self.at("F/.view", name))

    def test_vim_is_told(self):
        self.need("vim")
        self.shell("vim -es -u NONE -c 's/FA/!/' -c w -c q! "
                   "F/.view/security.sddl", 1)
        self.assertEqual(read(self.sddl), OWNER)
        self.assertEqual(len(self.mounts[-1].lines(
            "'F/.view/security.sddl': line 1, column ")), 1)

    def test_sed(self):
        self.shell("sed -i s/FA/FR/ F/.view/security.sddl")
        self.edited()
        self.shell("sed -i s/FR/!/ F/.view/security.sddl", 4)
        self.edited()

    def test_ed(self):
        self.need("ed")
        self.shell(r"printf 's/FA/FR/\nw\nq\n' | ed -s F/.view/security.sddl")
        self.edited()

    def test_tee_and_shells(self):
        new = OWNER.replace(b"FA", b"FR").decode().strip()
        for command in (f"echo '{new}' | tee F/.view/security.sddl",
                        f"echo '{new}' >F/.view/security.sddl",
                        f"(echo '{new}'; /bin/true) >F/.view/security.sddl",
                        f"dash -c \"echo '{new}' >F/.view/security.sddl\""):
            with self.subTest(command=command):
                write(self.sddl, OWNER)
                self.shell(command)
                self.edited()
        self.assertEqual(self.mounts[-1].lines("security.sddl"), [])

    def test_cp_and_mv(self):
        path = os.path.join(self.tmp, "new")
        for command in (f"cp {path} F/.view/security.sddl",
                        f"cp -p {path} F/.view/security.sddl",
                        f"cp {path} F/.view/.x && "
                        "mv F/.view/.x F/.view/security.sddl",
                        f"mv {path} F/.view/security.sddl"):
            with self.subTest(command=command):
                write(self.sddl, OWNER)
                write(path, OWNER.replace(b"FA", b"FR"))
                self.shell(command)
                self.edited()

    def test_rsync(self):
        self.need("rsync")
        path = os.path.join(self.directory("from"), "security.sddl")
        for option in ("--inplace", "--no-inplace", "--delay-updates"):
            with self.subTest(option=option):
                write(self.sddl, OWNER)
                write(path, OWNER.replace(b"FA", b"FR"))
                self.shell(f"rsync -a {option} --ignore-times {path} F/.view/")
                self.edited()

    def test_syntax_error(self):
        for bad in (b"junk", b"O:SY\nG:", b"", b"\xff\xfe"):
            with self.subTest(bad=bad):
                self.fails(errno.EINVAL, write, self.sddl, bad)
                self.assertEqual(read(self.sddl), OWNER)
                self.assertEqual(self.contents("F"), self.before)
        self.shell(": >F/.view/security.sddl")
        self.assertEqual(self.contents("F"), self.before)

    def test_removing(self):
        os.unlink(self.sddl)
        self.assertEqual(sorted(os.listdir(self.at("F"))), [":a", "data"])
        self.fails(errno.ENOENT, read, self.sddl)
        self.fails(errno.ENOENT, os.stat, self.at("F/security"))
        write(self.sddl, OTHER)
        self.assertEqual(read(self.sddl), OTHER)
        os.rename(self.sddl, self.at("F/.view/.old"))
        self.fails(errno.ENOENT, os.stat, self.at("F/security"))
        self.assertEqual(read(self.at("F/.view/.old")), OTHER)
        os.rename(self.at("F/.view/.old"), self.sddl)
        self.assertEqual(read(self.sddl), OTHER)

    def test_json(self):
        write(self.at("F/.view/ea.json"),
              b'{"ea": [{"name": "A", "value": "b"}]}')
        told = json.loads(read(self.at("F/.view/ea.json")))
        self.assertEqual(told["ea"][0]["name"], "A")
        self.assertEqual(self.contents("F")[b"ea"][:11],
                         b"\0\0\0\0\0\1\1\0A\0b")
        guid = "00112233-4455-6677-8899-aabbccddeeff"
        write(self.at("F/.view/object_id.json"),
              json.dumps({"object_id": guid}).encode())
        self.assertEqual(len(self.contents("F")[b"object_id"]), 16)
        self.assertIn(guid.encode(), read(self.at("F/.view/object_id.json")))

    def test_first_stream(self):
        os.mkdir(self.at("new"))
        write(self.at("new/.view/security.sddl"), OWNER)
        self.assertEqual(os.listdir(self.at("new")), ["security"])
        self.assertEqual(read(self.at("new/security")),
                         self.before[b"security"])

    def test_sizes_follow_the_stream(self):
        """Nobody is told of an old size, or reads old text."""
        security = {text: (write(self.sddl, text),
                           read(self.at("F/security")))[1]
                    for text in (OWNER, b"O:SYG:SYD:\n", OTHER)}
        for text, content in list(security.items()) * 3:
            write(self.at("F/security"), content)
            self.assertEqual(os.stat(self.sddl).st_size, len(text))
            self.assertEqual(read(self.sddl), text)
            rows = json.loads(read(self.at("F/.view/streams.json")))
            self.assertEqual(
                rows[-1]["xxh3"].encode(),
                os.getxattr(self.at("F/security"), "user.bkupfs.xxh3"))

    def test_readers_beside_writers(self):
        """What is read is one of what was written, never a mixture."""
        texts = [b"O:SYG:SYD:" + b"(A;;FA;;;%s)" % who * count + b"\n"
                 for who, count in ((b"WD", 500), (b"SY", 1), (b"BA", 1500))]
        write(self.sddl, texts[0])
        stop = threading.Event()
        faults = []

        def check_text(text):
            if text not in texts:
                raise ValueError(text[:100])

        def watch(name, check):
            while not stop.is_set():
                try:
                    check(read(self.at("F/.view", name)))
                except OSError as error:
                    if error.errno not in (errno.ESTALE, errno.EINTR):
                        faults.append((name, error))
                except (AssertionError, ValueError, KeyError) as fault:
                    faults.append((name, fault))

        def check_backup(data):
            with open(os.path.join(self.tmp, "seen"), "wb") as file:
                file.write(data)
            self.run_tool(os.environ["BKUP"], "check",
                          os.path.join(self.tmp, "seen"))

        threads = [threading.Thread(target=watch, args=row) for row in (
            ("security.sddl", check_text),
            ("streams.json", json.loads), ("backup", check_backup))]
        for thread in threads:
            thread.start()
        for i in range(60):
            write(self.at("F/.view/.new"), texts[i % 3])
            os.rename(self.at("F/.view/.new"), self.sddl)
            write(self.at("F/data"), b"d" * (i * 100))
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])


if __name__ == "__main__":
    main()
