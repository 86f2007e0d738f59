# SPDX-License-Identifier: MIT
"""Makes packages that are well formed (doc/package-format.md) but signed by nobody, for tests of how packages travel."""
import hashlib
import random
import struct


def make_package(body_bytes=300, seed=1, product="LAMP", from_version="1.0", to_version="1.1", mask=0x5A):
    """Bytes of a package; an empty from_version makes a full one."""
    full = from_version == ""
    rng = random.Random(seed)
    body = bytes(rng.randrange(256) for _ in range(body_bytes))
    strings = (product + from_version + to_version).encode()
    head_bytes = 148 + len(strings)
    signatures = bytes([1, 1]) + bytes(rng.randrange(256) for _ in range(68))
    total = head_bytes + len(signatures) + len(body)
    base_hash = bytes(32) if full else hashlib.sha256(b"base").digest()
    fixed = struct.pack("<IIII", 1 if full else 0, 1, 0 if full else 1000, 2000)
    fixed += base_hash + hashlib.sha256(b"new").digest() + hashlib.sha256(body).digest()
    fixed += struct.pack("<IHHHBBII", 0x12345678, 0 if full else 4, 1, 16, 1, 0, 4, 0)
    fixed += bytes([len(product), len(from_version), len(to_version), 0])
    prefix = b"FOTA" + struct.pack("<BBHI", 0, mask, head_bytes, total)
    plain = fixed + strings + signatures + body
    return prefix + bytes(b ^ mask for b in plain)
