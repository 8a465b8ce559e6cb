# SPDX-License-Identifier: BSD-2-Clause
"""Numbers of the format."""

import struct

DATA, EA_DATA, SECURITY_DATA, ALTERNATE_DATA = 1, 2, 3, 4
LINK, PROPERTY_DATA, OBJECT_ID, REPARSE_DATA = 5, 6, 7, 8
SPARSE_BLOCK, TXFS_DATA, GHOSTED_FILE_EXTENTS = 9, 10, 11

CONTAINS_SECURITY = 0x02
SPARSE_ATTRIBUTE = 0x08

HEADER = struct.Struct("<IIQI")  # id, attributes, size, name size: 20 bytes
OFFSET = struct.Struct("<Q")
NAME_MAX = 65536
SIZE_MAX = 2**63 - 1
