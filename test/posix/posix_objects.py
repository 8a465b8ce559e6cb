# SPDX-License-Identifier: BSD-2-Clause
"""Makes directories on ext4 look like objects: one owner, mode and ACL for the
directory and the files in it.

A stream has those of its object, and whatever is set on either is set on both
(see README.md). So that all the rest can be compared, what a step did to one
of them is done to the others on ext4 too, by root.
"""

import os
import stat
import struct

ACCESS = "system.posix_acl_access"


def _bits(mode, directory):
    mode &= 0o666
    return mode | (mode & 0o444) >> 2 if directory else mode


def _acl_bits(value, directory):
    """An ACL with x wherever there is r, or nowhere."""
    out = bytearray(value)
    for at in range(4, len(out), 8):
        tag, mode, who = struct.unpack_from("<HHi", out, at)
        mode = mode & 6 | (mode & 4) >> 2 if directory else mode & 6
        struct.pack_into("<HHi", out, at, tag, mode, who)
    return bytes(out)


def _acl(path):
    try:
        return os.getxattr(path, ACCESS)
    except OSError:
        return None


def _state(path):
    st = os.stat(path)
    return st.st_mode, st.st_uid, st.st_gid, _acl(path)


def states(where):
    """{directory with files in it: {name in it, or ".": its state}}"""
    found = {}
    for name in os.listdir(where):
        path = os.path.join(where, name)
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            continue
        entries = {".": _state(path)}
        for child in os.listdir(path):
            if stat.S_ISREG(os.lstat(os.path.join(path, child)).st_mode):
                entries[child] = _state(os.path.join(path, child))
        if len(entries) > 1:
            found[name] = entries
    return found


def _set(path, state, directory):
    mode, uid, gid, acl = state
    os.chown(path, uid, gid)
    if acl:
        os.setxattr(path, ACCESS, _acl_bits(acl, directory))
    elif _acl(path):
        os.removexattr(path, ACCESS)
    os.chmod(path, _bits(mode, directory))


def unify(where, before):
    """Does to all of an object what was done to part of it. Returns the states
    after that, and whether anything had to be done."""
    after = states(where)
    done = False
    for name, entries in after.items():
        old = before.get(name, {})
        # The directory decides, unless it is one of the files that changed.
        source = next((state for child, state in entries.items()
                       if child in old and old[child] != state),
                      entries["."])
        for child, state in entries.items():
            path = os.path.join(where, name, child)
            _set(path, source, child == ".")
            done = done or _state(path) != state
    return (states(where) if done else after), done
