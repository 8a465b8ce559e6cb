# SPDX-License-Identifier: BSD-2-Clause
"""The calls that steps can make, each with a result that can be compared.

A function here is a call: its arguments are paths, numbers, bytes and, where
it takes a descriptor, what `hold` has opened. An OSError is its errno.
"""

import ctypes
import fcntl
import mmap as mapping
import os
import stat as st_

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH = -100, 0x100, 0x1000
AT_EACCESS = 0x200
UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2
BAD = ctypes.c_void_p(-4096)  # an address that is nobody's


class Timespec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


def _libc(name, *args):
    """A call of the C library; bytes are paths, numbers are long."""
    given = [ctypes.c_long(arg) if isinstance(arg, int) else arg
             for arg in args]
    result = getattr(LIBC, name)(*given)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def shown(st):
    """What two sides must agree on, but for times."""
    special = st_.S_ISCHR(st.st_mode) or st_.S_ISBLK(st.st_mode)
    return {"mode": oct(st.st_mode), "uid": st.st_uid, "gid": st.st_gid,
            "nlink": st.st_nlink, "rdev": st.st_rdev if special else 0,
            "size": None if st_.S_ISDIR(st.st_mode) else st.st_size}


# Making and removing.

def mkdir(path, mode=0o777):
    os.mkdir(path, mode)


def mkfifo(path, mode=0o666):
    os.mkfifo(path, mode)


def mknod(path, mode, device=0):
    os.mknod(path, mode, device)


def symlink(target, path):
    os.symlink(target, path)


def link(path, new):
    os.link(path, new)


def link_fd(fd, new):
    _libc("linkat", fd, b"", AT_FDCWD, os.fsencode(new), AT_EMPTY_PATH)


def unlink(path):
    os.unlink(path)


def rmdir(path):
    os.rmdir(path)


def rename(path, new):
    os.rename(path, new)


def renameat2(path, new, flags):
    _libc("renameat2", AT_FDCWD, os.fsencode(path), AT_FDCWD,
          os.fsencode(new), flags)


def put(path, content=b"", mode=0o666):
    """A file with content, as `cat >` makes it."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(fd, content)
    finally:
        os.close(fd)


# Names and attributes.

def stat(path):
    return shown(os.stat(path))


def lstat(path):
    return shown(os.lstat(path))


def access(path, mode, flags=0):
    _libc("faccessat", AT_FDCWD, os.fsencode(path), mode, flags)


def readlink(path):
    return os.readlink(path)


def listdir(path):
    return sorted(os.listdir(path))


def listdir_fd(fd):
    return sorted(os.listdir(fd))


def chdir(path):
    """And back."""
    here = os.open(".", os.O_PATH | os.O_DIRECTORY)
    try:
        os.chdir(path)
        os.fchdir(here)
    finally:
        os.close(here)


def chmod(path, mode):
    os.chmod(path, mode)


def fchmod(fd, mode):
    os.fchmod(fd, mode)


def chown(path, uid, gid):
    os.chown(path, uid, gid)


def lchown(path, uid, gid):
    os.lchown(path, uid, gid)


def fchown(fd, uid, gid):
    os.fchown(fd, uid, gid)


def truncate(path, size):
    os.truncate(path, size)


def utimens(path, atime, mtime, flags=0):
    """Times are (seconds, nanoseconds)."""
    times = (Timespec * 2)(Timespec(*atime), Timespec(*mtime))
    _libc("utimensat", AT_FDCWD, os.fsencode(path), times, flags)


def utimes_now(path):
    """Both now, as anybody who may write can say."""
    _libc("utimensat", AT_FDCWD, os.fsencode(path), None, 0)


def futimens(fd, atime, mtime):
    times = (Timespec * 2)(Timespec(*atime), Timespec(*mtime))
    _libc("futimens", fd, times)


def set_mtime(path, atime, mtime):
    """Sets times, and tells the one of modification."""
    utimens(path, atime, mtime)
    return os.lstat(path).st_mtime_ns


def statfs(path):
    """What does not change by what others do meanwhile."""
    found = os.statvfs(path)
    return {"bsize": found.f_bsize, "frsize": found.f_frsize,
            "blocks": found.f_blocks, "files": found.f_files,
            "namemax": found.f_namemax}


def getxattr(path, name, follow=True):
    return os.getxattr(path, name, follow_symlinks=follow)


def getxattr_sized(path, name, size):
    """The size, or the errno, with a buffer of some size."""
    return _libc("getxattr", os.fsencode(path), os.fsencode(name),
                 ctypes.create_string_buffer(size) if size else None, size)


def setxattr(path, name, value, flags=0, follow=True):
    os.setxattr(path, name, value, flags, follow_symlinks=follow)


def listxattr(path, follow=True):
    return sorted(os.listxattr(path, follow_symlinks=follow))


def removexattr(path, name, follow=True):
    os.removexattr(path, name, follow_symlinks=follow)


def fault(name, *args):
    """A call with an address that is nobody's."""
    _libc(name, *[BAD if arg is None else
                  os.fsencode(arg) if isinstance(arg, str) else arg
                  for arg in args])


# Descriptors. `hold` and `close` are the worker's.

def open_(path, flags, mode=0o666):
    """Opened and closed."""
    os.close(os.open(path, flags, mode))


def read(fd, size):
    return os.read(fd, size)


def pread(fd, size, offset):
    return os.pread(fd, size, offset)


def write(fd, content):
    return os.write(fd, content)


def pwrite(fd, content, offset):
    return os.pwrite(fd, content, offset)


def lseek(fd, offset, whence):
    return os.lseek(fd, offset, whence)


def ftruncate(fd, size):
    os.ftruncate(fd, size)


def fstat(fd):
    return shown(os.fstat(fd))


def fsync(fd):
    os.fsync(fd)


def fdatasync(fd):
    os.fdatasync(fd)


def fallocate(fd, mode, offset, size):
    _libc("fallocate64", fd, mode, offset, size)


def copy_file_range(source, target, size, source_at=None, target_at=None):
    return os.copy_file_range(source, target, size, source_at, target_at)


def flock(fd, operation):
    fcntl.flock(fd, operation | fcntl.LOCK_NB)


def lock(fd, operation, size=0, start=0):
    if operation != fcntl.LOCK_UN:
        operation |= fcntl.LOCK_NB
    fcntl.lockf(fd, operation, size, start)


def getfl(fd):
    """The access mode, and whether it appends."""
    return fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_ACCMODE | os.O_APPEND)


def mmap(fd, size, flags, protection, content=b""):
    """Maps, writes content if there is some, and tells what is there."""
    with mapping.mmap(fd, size, flags, protection) as memory:
        if content:
            memory[:len(content)] = content
        return memory[:]


def execute(path):
    """Whether it can be run; it is not."""
    _libc("execve", os.fsencode(path), None, None)


CALLS = {name.rstrip("_"): value for name, value in list(globals().items())
         if callable(value) and getattr(value, "__module__", "") == __name__
         and not name.startswith("_") and name not in ("Timespec", "shown")}
