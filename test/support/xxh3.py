# SPDX-License-Identifier: BSD-2-Clause
"""XXH3-128 of more than 240 bytes, which is all that cut child names need."""

import struct

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8"
    "fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364ea"
    "c5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b"
    "16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
_P32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
        0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
_M64 = 2**64 - 1


def _lanes(data, offset):
    return struct.unpack_from("<8Q", data, offset)


def _accumulate(acc, data, offset, secret_offset):
    keys = _lanes(_SECRET, secret_offset)
    for i, value in enumerate(_lanes(data, offset)):
        key = value ^ keys[i]
        acc[i ^ 1] = (acc[i ^ 1] + value) & _M64
        acc[i] = (acc[i] + (key & 0xFFFFFFFF) * (key >> 32)) & _M64


def _merge(acc, secret_offset, start):
    keys = _lanes(_SECRET, secret_offset)
    result = start
    for i in range(0, 8, 2):
        product = (acc[i] ^ keys[i]) * (acc[i + 1] ^ keys[i + 1])
        result += (product & _M64) ^ (product >> 64)
    result &= _M64
    result ^= result >> 37
    result = result * 0x165667919E3779F9 & _M64
    return result ^ (result >> 32)


def xxh3_128(data):
    size = len(data)
    assert size > 240
    acc = [_P32[2], _P64[0], _P64[1], _P64[2],
           _P64[3], _P32[1], _P64[4], _P32[0]]
    per_block = (len(_SECRET) - 64) // 8
    stripes = (size - 1) // 64
    for stripe in range(stripes):
        n = stripe % per_block
        _accumulate(acc, data, 64 * stripe, 8 * n)
        if n == per_block - 1:
            keys = _lanes(_SECRET, len(_SECRET) - 64)
            acc = [(a ^ (a >> 47) ^ k) * _P32[0] & _M64
                   for a, k in zip(acc, keys)]
    _accumulate(acc, data, size - 64, len(_SECRET) - 64 - 7)
    low = _merge(acc, 11, size * _P64[0] & _M64)
    high = _merge(acc, len(_SECRET) - 64 - 11, ~(size * _P64[1]) & _M64)
    return high << 64 | low
