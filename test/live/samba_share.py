# SPDX-License-Identifier: BSD-2-Clause
"""A share of a Samba server that is ours alone.

    with Share() as share:
        share.smbclient('put "here" "there"')
        share.connection().get_acl("there")
        os.listxattr(share.at("there"))

The server has all that it writes in a temporary directory, and one user, who
is root and has every privilege. It listens in a network namespace of its own:
smbcacls and Samba's Python know no other port than 445, which is free there,
and nobody else comes to the share. The kernel ends the server's service with
the test, however that ends.

What needs python3-samba runs under the system's interpreter: importing this
starts the program again, if it is not that.
"""

import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

try:
    from samba import ndr
    from samba.credentials import Credentials
    from samba.dcerpc import security
    from samba.samba3 import libsmb_samba_internal as libsmb
    from samba.samba3 import param
except ImportError:
    SYSTEM = "/usr/bin/python3"
    if not os.environ.get("LIVE_AGAIN") and os.access(SYSTEM, os.X_OK):
        os.execve(SYSTEM, [SYSTEM, "-B", *sys.argv],
                  {**os.environ, "LIVE_AGAIN": "1"})
    print("skipped: python3-samba is missing")
    sys.exit(77)

PATIENCE = 120
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
HOST, PORT, NAME = "127.0.0.1", 445, "share"
USER, PASSWORD = "root", "share"
# Of every server, so that what it makes has the same owners.
DOMAIN = "S-1-5-21-1000001-1000002-1000003"
PRIVILEGES = ("SeSecurityPrivilege", "SeBackupPrivilege",
              "SeRestorePrivilege", "SeTakeOwnershipPrivilege")
DIRECTORIES = {"private dir": "private", "lock directory": "lock",
               "state directory": "state", "cache directory": "cache",
               "pid directory": "pid", "ncalrpc dir": "ncalrpc"}
PROGRAMS = ("smbd", "smbclient", "smbcacls", "pdbedit", "net")
# A file without extended attributes says so by an error.
FAILED = re.compile("NT_STATUS_(?!NO_EAS_ON_FILE)")
# Owner, group, DACL and SACL.
ALL_SECURITY = 15
GLOBAL = f"""
netbios name = BKUPFS
workgroup = BKUPFS
server role = standalone server
passdb backend = tdbsam
interfaces = {HOST}
bind interfaces only = yes
smb ports = {PORT}
disable netbios = yes
disable spoolss = yes
load printers = no
printcap name = /dev/null
map to guest = never
obey pam restrictions = no
"""
SHARE = """
read only = no
inherit acls = yes
ea support = yes
store dos attributes = yes
map archive = no
map hidden = no
map system = no
map readonly = no
"""


def program(name):
    """The path of one, which may be where only root looks."""
    where = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    return shutil.which(name, path=where)


def missing(base=None):
    """Why there can be no share of files below base; None if there can."""
    if os.geteuid() != 0:
        return "only root may serve shares with descriptors"
    for name in PROGRAMS:
        if not program(name):
            return f"no {name}"
    try:
        namespace().close()
    except OSError as error:
        return f"no network namespace: {error}"
    try:
        with tempfile.NamedTemporaryFile(dir=base) as file:
            for name in ("user.test", "security.test"):
                os.setxattr(file.name, name, bytes(1000))
    except OSError as error:
        return f"no files with extended attributes: {error}"
    return None


def check(result):
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def own_namespace():
    return open("/proc/thread-self/ns/net", "rb")


@contextlib.contextmanager
def going_back():
    """Whatever this thread's network is inside, afterwards it is the same."""
    with own_namespace() as own:
        try:
            yield
        finally:
            check(LIBC.setns(own.fileno(), CLONE_NEWNET))


def namespace():
    """An open network namespace, with nothing but its loopback."""
    with going_back():
        check(LIBC.unshare(CLONE_NEWNET))
        made = own_namespace()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            ask = struct.pack("16sH14x", b"lo", 0)
            flags = struct.unpack_from("H", fcntl.ioctl(
                any_socket, SIOCGIFFLAGS, ask), 16)[0]
            fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                        struct.pack("16sH14x", b"lo", flags | IFF_UP))
        return made


class Share:
    """path: what is shared; without it, a new directory, which goes with the
    share. base: where temporary directories are made.

    vfs: the modules. options: lines of smb.conf for the share, such as
    "acl_xattr:ignore system acls = yes".
    """

    def __init__(self, path=None, base=None,
                 vfs=("acl_xattr", "streams_xattr"), options=()):
        self.path, self.base = path, base
        self.vfs, self.options = vfs, options
        self.process = self.network = self.tmp = None

    def __enter__(self):
        self.tmp = tempfile.mkdtemp(prefix="bkupfs-share.", dir=self.base)
        try:
            if self.path is None:
                self.path = self._directory("files")
            self._configure()
            self._make_user()
            self.network = namespace()
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self._stop()
        if self.network:
            self.network.close()
        shutil.rmtree(self.tmp)

    def _directory(self, name):
        path = os.path.join(self.tmp, name)
        os.mkdir(path, 0o755)
        return path

    def _configure(self):
        self.conf = os.path.join(self.tmp, "smb.conf")
        self.log = os.path.join(self.tmp, "log")
        with open(self.conf, "w", encoding="utf-8") as out:
            print("[global]", GLOBAL, sep="", end="", file=out)
            for option, name in DIRECTORIES.items():
                print(option, "=", self._directory(name), file=out)
            print(f"[{NAME}]\npath = {self.path}", SHARE, sep="", end="",
                  file=out)
            print("vfs objects =", *self.vfs, file=out)
            print(*self.options, sep="\n", file=out)

    def _make_user(self):
        self.run("net", "setlocalsid", DOMAIN)
        self.run("pdbedit", "-a", "-t", "-u", USER,
                 stdin=f"{PASSWORD}\n{PASSWORD}\n")
        self.run("net", "sam", "rights", "grant", USER, *PRIVILEGES)

    def _start(self):
        # It ends when its standard input does.
        with self.inside(), open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program("smbd"), "-F", "--debug-stdout", "-s", self.conf],
                stdin=subprocess.PIPE, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if self._has_ended() or time.monotonic() > end:
                raise AssertionError(f"smbd does not start: {self.text()}")
            time.sleep(0.02)

    def _answers(self):
        with self.inside(), socket.socket() as client:
            return client.connect_ex((HOST, PORT)) == 0

    def _stop(self):
        """The server and its processes, one for each client: it leads a
        group."""
        self.process.stdin.close()
        end = time.monotonic() + PATIENCE
        while not self._has_ended() and time.monotonic() < end:
            time.sleep(0.02)
        # Until it is waited for, nobody else gets its number.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _has_ended(self):
        return os.waitid(os.P_PID, self.process.pid,
                         os.WEXITED | os.WNOHANG | os.WNOWAIT)

    def text(self):
        """What the server said."""
        with open(self.log, encoding="utf-8", errors="replace") as lines:
            return lines.read()

    def at(self, name):
        """The path of what is shared as name."""
        return os.path.join(self.path, name)

    @contextlib.contextmanager
    def inside(self):
        """What this thread opens and starts is in the server's network."""
        with going_back():
            check(LIBC.setns(self.network.fileno(), CLONE_NEWNET))
            yield

    # Clients.

    def run(self, name, *args, stdin=""):
        """Runs a program of Samba's with the server's configuration; returns
        what it prints."""
        command = [program(name), "-s", self.conf, *args]
        with self.inside() if self.network else contextlib.nullcontext():
            done = subprocess.run(
                command, input=stdin.encode(), check=False,
                capture_output=True, timeout=PATIENCE,
                env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"})
        out = done.stdout.decode(errors="surrogateescape")
        if done.returncode or FAILED.search(out):
            raise AssertionError((command, done.returncode, out, done.stderr))
        return out

    def smbclient(self, *commands):
        return self.run("smbclient", f"//{HOST}/{NAME}", "-U",
                        f"{USER}%{PASSWORD}", "-c", "; ".join(commands))

    def smbcacls(self, name, *args):
        return self.run("smbcacls", f"//{HOST}/{NAME}", name, "-U",
                        f"{USER}%{PASSWORD}", *args)

    def connection(self):
        """libsmb_samba_internal.Conn; it ends when it is let go."""
        context = param.get_context()
        context.load(self.conf)
        who = Credentials()
        who.guess(context)
        who.set_username(USER)
        who.set_password(PASSWORD)
        with self.inside():
            return libsmb.Conn(HOST, NAME, context, who)


def from_sddl(text):
    return security.descriptor.from_sddl(text, security.dom_sid(DOMAIN))


def to_bytes(descriptor):
    """The self-relative form."""
    return ndr.ndr_pack(descriptor)
