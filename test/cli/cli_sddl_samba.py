#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bkup sddl agrees with Samba, which has its own security descriptors

Left out is what Samba 4.17 does not know, or takes for something else:

  FA             0x1ff there, 0x1f01ff on Windows; it is handed over as a number
  KA KR KW KX    not known there; likewise
  NW NR NX       with ML and the integrity levels, not known there
  XA XD XU ZA RA SP TL FL, conditions, claims
                 not known there
  NO_ACCESS_CONTROL, white space, lower case
                 not known there
  flags without ACEs before S:
                 not known there
  authorities of SIDs from 2^32-1 on
                 written there in a form that it does not read
  numbers        only hexadecimal ones are read
"""

import os
import random
import re
import sys

from cli_support import BKUP, Case, main, run

try:
    from samba import ndr
    from samba.dcerpc import security
except ImportError:
    # Debian's package is for the interpreter of the system.
    SYSTEM = "/usr/bin/python3"
    if not os.environ.get("SDDL_SAMBA_AGAIN") and os.access(SYSTEM, os.X_OK):
        os.execve(SYSTEM, [SYSTEM, "-B", *sys.argv],
                  {**os.environ, "SDDL_SAMBA_AGAIN": "1", "BKUP": BKUP})
    print("skipped: python3-samba is missing")
    sys.exit(77)

COUNT = 100  # texts of each kind; twice as many descriptors
DOMAIN = security.dom_sid("S-1-5-21-0-0-0")  # of nobody
ALIASES = ("WD CO CG OW NU IU SU AN ED PS AU RC SY LS NS BA BU BG PU AO SO PO "
           "BO RE RU RD NO MU LU IS CY CD ER AC WR").split()
RIGHTS = "CC DC LC SW RP WP DT LO CR SD RC WD WO GA GR GW GX FR FW FX".split()
ACE_FLAGS = "OI CI NP IO ID".split()
ACL_FLAGS = ("", "P", "AR", "AI", "PAI", "PAR", "PARAI", "ARAI")
MASKS = (0x1f01ff, 0x1200a9, 0x120089, 0x1301bf, 0xf003f, 0x20019, 0x20006,
         0xf01ff, 0xffffffff, 0x10000000, 0x1000000, 0x12019f, 0x1ff, 1, 0)
NUMBERS = {"FA": "0x1f01ff", "KA": "0xf003f", "KR": "0x20019",
           "KW": "0x20006", "KX": "0x20019"}
AS_NUMBER = re.compile(r"(?<=;)(FA|KA|KR|KW|KX)(?=;[^;]*;[^;]*;[^;]*\))")


class Texts:
    """SDDL that both know."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def sid(self):
        if self.random.random() < 0.5:
            return self.random.choice(ALIASES)
        authority = self.random.choice((1, 3, 5, 5, 5, 15, 22, 0xfffffffe))
        subs = [self.random.getrandbits(self.random.choice((4, 16, 32)))
                for _ in range(self.random.randrange(1, 16))]
        return "-".join(map(str, ["S", 1, authority, *subs]))

    def rights(self):
        if self.random.random() < 0.4:
            return hex(self.random.choice(MASKS) ^
                       (self.random.random() < 0.2) <<
                       self.random.randrange(32))
        return "".join(self.random.sample(RIGHTS, self.random.randrange(6)))

    def guid(self):
        number = "%032x" % self.random.getrandbits(128)
        return "-".join((number[:8], number[8:12], number[12:16],
                         number[16:20], number[20:]))

    def ace(self, types, more_flags):
        kind = self.random.choice(types)
        flags = [f for f in ACE_FLAGS + more_flags
                 if self.random.random() < 0.3]
        guids = ["", ""]
        if kind[0] == "O":
            guids = self.random.choice((
                ["", self.guid()], [self.guid(), ""],
                [self.guid(), self.guid()]))
        return "(%s)" % ";".join((kind, "".join(flags), self.rights(), *guids,
                                  self.sid()))

    def acl(self, letter, types, more_flags):
        aces = "".join(self.ace(types, more_flags)
                       for _ in range(self.random.randrange(6)))
        return letter + (self.random.choice(ACL_FLAGS) if aces else "") + aces

    def text(self):
        parts = ("O:" + self.sid(), "G:" + self.sid(),
                 self.acl("D:", ("A", "A", "D", "OA", "OD"), []),
                 self.acl("S:", ("AU", "OU", "AL", "OL"), ["SA", "FA"]))
        return "".join(p for p in parts if self.random.random() < 0.7)


def meaning(descriptor):
    """What a descriptor of Samba's says, without its layout."""

    def ace(it):
        found = [it.type, it.flags, it.access_mask, str(it.trustee)]
        if it.type in (5, 6, 7, 8):
            flags = it.object.flags
            found += [flags, str(it.object.type) if flags & 1 else None,
                      str(it.object.inherited_type) if flags & 2 else None]
        return found

    def acl(it):
        return it and [ace(each) for each in it.aces]

    return (descriptor.type, str(descriptor.owner_sid),
            str(descriptor.group_sid), acl(descriptor.dacl),
            acl(descriptor.sacl))


def read_text(text):
    return security.descriptor.from_sddl(text, DOMAIN)


def read_bytes(data):
    return ndr.ndr_unpack(security.descriptor, data)


class Samba(Case):
    def encode(self, text):
        result = run("sddl", "encode", text)
        self.expect(result)
        return result.out

    def decode(self, data):
        result = run("sddl", "decode", data=data)
        self.expect(result)
        return result.out.decode().rstrip("\n")

    def test_reads_texts_alike(self):
        texts = Texts(1)
        for _ in range(COUNT):
            text = texts.text()
            with self.subTest(text=text):
                self.assertEqual(meaning(read_bytes(self.encode(text))),
                                 meaning(read_text(text)))

    def test_writes_texts_that_samba_reads(self):
        texts = Texts(2)
        for _ in range(2 * COUNT):
            descriptor = read_text(texts.text())
            text = self.decode(ndr.ndr_pack(descriptor))
            with self.subTest(text=text):
                for_samba = AS_NUMBER.sub(lambda m: NUMBERS[m[0]], text)
                self.assertEqual(meaning(read_text(for_samba)),
                                 meaning(descriptor))

    def test_reads_texts_that_samba_writes(self):
        texts = Texts(3)
        for _ in range(COUNT):
            descriptor = read_text(texts.text())
            text = descriptor.as_sddl(DOMAIN)
            with self.subTest(text=text):
                self.assertEqual(meaning(read_bytes(self.encode(text))),
                                 meaning(descriptor))


if __name__ == "__main__":
    main()
