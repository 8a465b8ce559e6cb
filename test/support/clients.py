# SPDX-License-Identifier: BSD-2-Clause
"""Clients that keep a mount busy, and know what they were promised.

Each writes to an object of its own, with contents that tell their number; all
read and list everything. What was closed without an error must be there
afterwards, and nothing may be half of one content and half of another.
"""

import errno
import os
import threading

from mountcase import read, write
from nt_records import record

# What callers are told once the mount is gone, or aborted.
GONE = frozenset(("ENOTCONN", "ECONNABORTED", "ENOENT", "ENODEV", "EIO"))
SIZES = (100, 5000, 200000)


def content(number):
    """What a client writes as its n-th version."""
    text = b"version %09d;" % number
    size = SIZES[number % len(SIZES)]
    return text * (size // len(text) + 1)


def number_of(data):
    """Which version a content is; -1 if it is none, or not whole."""
    try:
        number = int(data[8:17])
    except ValueError:
        return -1
    return number if data == content(number) else -1


class Client(threading.Thread):
    """closed: the last version whose close gave no error. tried: the last
    that was begun. fault: what went wrong."""

    def __init__(self, case, name, others):
        super().__init__(daemon=True)
        self.case, self.name, self.others = case, name, others
        self.tried = self.closed = 0
        self.rounds = 0
        self.fault = None
        self.done = threading.Event()

    def write(self):
        self.tried += 1
        way = self.tried % 3
        target = self.case.at(self.name, "data")
        if way == 0:
            scratch = self.case.at(self.name, ".data.tmp")
            write(scratch, content(self.tried))
            os.rename(scratch, target)
        else:
            write(target, content(self.tried))
        self.closed = self.tried

    def look(self, other):
        """Who is asked later is not older; nothing is ever torn."""
        before = other.closed
        got = read(self.case.at(other.name, "data"))
        # A stream that is open with O_TRUNC is empty, or grows.
        number = number_of(got)
        if other is self and number != self.closed:
            raise AssertionError(f"{self.name}: {number}, not {self.closed}")
        if number >= 0 and number < before:
            raise AssertionError(f"{other.name}: {number} after {before}")

    def list(self):
        for name in os.listdir(self.case.point):
            for child in os.listdir(self.case.at(name)):
                try:
                    os.stat(self.case.at(name, child))
                except FileNotFoundError:
                    if not child.startswith("."):
                        raise

    def run(self):
        try:
            while not self.done.is_set():
                self.write()
                self.look(self)
                self.look(self.others[self.rounds % len(self.others)])
                self.list()
                self.rounds += 1
        except (OSError, AssertionError) as fault:
            self.fault = fault


def start_clients(case, count):
    """Puts an object for each client, and starts them on case's mount."""
    clients = []
    for i in range(count):
        case.put(f"C{i}", record(1, 0, content(0)))
        clients.append(Client(case, f"C{i}", clients))
    return clients


def stop_clients(case, clients, errors=frozenset(), patience=60):
    """Waits for all; they must have met no errors but these."""
    for client in clients:
        client.done.set()
    for client in clients:
        client.join(patience)
    case.assertFalse([c.name for c in clients if c.is_alive()], "hung")
    faults = [client.fault for client in clients
              if client.fault and not is_allowed(client.fault, errors)]
    case.assertEqual(faults, [])


def is_allowed(fault, errors):
    return isinstance(fault, OSError) and \
        errno.errorcode.get(fault.errno) in errors


def check_files(case, clients):
    """Each underlying file is what was closed last, or what was tried."""
    for client in clients:
        found = case.contents(client.name)[b"data"]
        case.assertIn(number_of(found),
                      range(client.closed, client.tried + 1),
                      (client.name, len(found), found[:40]))
