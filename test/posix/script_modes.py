# SPDX-License-Identifier: BSD-2-Clause
"""The permission matrix: every user, every operation, many modes."""

import os
from itertools import product

from posix_compare import Script
from posix_users import OWNER, ROOT, USERS
from script_files import setup

# Each class of users with all that it may be let, and with nothing while the
# others have all; and what is common.
MODES = sorted({bits << shift for bits in (2, 4, 6) for shift in (0, 3, 6)}
               | {0o666 & ~(6 << shift) for shift in (0, 3, 6)}
               | {0, 0o644, 0o640, 0o664, 0o666, 0o444, 0o222, 0o426, 0o246})


def looking(user, path, new):
    """These change nothing that the next one could see."""
    return [user.open(path, os.O_RDONLY), user.open(path, os.O_WRONLY),
            user.open(path, os.O_RDWR), user.access(path, os.R_OK),
            user.access(path, os.W_OK), user.access(path, os.X_OK),
            user.stat(path), user.listdir("o"), user.chdir("o"),
            user.access("o", os.R_OK), user.access("o", os.W_OK),
            user.access("o", os.X_OK), user.getxattr(path, "user.none"),
            user.listxattr(path), user.rename(new, path)]


def scripts(kind, a, b):
    """Modes as they are of an object: to be read is to be searched."""
    path, new = f"o/{a}", f"o/{b}"
    for mode, user in product(MODES, USERS):
        changing = [user.truncate(path, 1), user.utimes_now(path),
                    user.utimes_now("o"), user.chmod(path, 0o600),
                    user.put(new, b"x"), user.rename(path, new),
                    user.unlink(path)]
        for number, steps in enumerate((looking(user, path, new), *[
                [step] for step in changing])):
            yield Script(kind, f"mode {mode:o} {number}", [
                *setup(a), OWNER.chmod(path, mode),
                ROOT.chmod("o", mode | (mode & 0o444) >> 2), *steps])
