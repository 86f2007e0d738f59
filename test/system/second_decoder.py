"""A second decoder of packages: written from doc/package-format.md and doc/codec.md, it shares nothing with
the first one.  For tests: slow, and it checks little that is not in the way of decoding."""
import hashlib
import math
import struct
import zlib

import second_isa as isa

M = 0xFFFFFFFF
A, B = 0x9E3779B1, 0x85EBCA6B
ERASED = 0xFF


def nearest(x):
    return math.floor(x + 0.5)


RATE = [nearest(4096 / (n + 1.5)) for n in range(256)]
SQUASH = [nearest(65536 / (1 + math.exp(-(32 * i - 2048) / 256))) for i in range(129)]


def _stretch_half(q):
    if q == 0x8000:
        return 0
    e = 0
    while q >> e >= 64:
        e += 1
    c = ((q >> e) + 0.5) * 2 ** e - 0.5
    return nearest(256 * math.log(c / (65536 - c)))


STRETCH = [_stretch_half(max(32, min(p, 65536 - p))) * (1 if p < 0x8000 else -1) for p in range(65536)]


def squash(s):
    t = max(-2047, min(2047, s)) + 2048
    return (SQUASH[t // 32] * (32 - t % 32) + SQUASH[t // 32 + 1] * (t % 32) + 16) // 32


def signed24(v):
    return v - (1 << 24) & M if v & 0x800000 else v


class Malformed(Exception):
    pass


# ---- coder and counters ----

class RangeDecoder:
    def __init__(self, coded):
        self.coded, self.at, self.range, self.value = coded, 0, M, 0
        for _ in range(4):
            self.shift()

    def shift(self):
        if self.at >= len(self.coded) + 4:
            raise Malformed("past the end")
        byte = self.coded[self.at] if self.at < len(self.coded) else 0
        self.at += 1
        self.value = (self.value << 8 | byte) & M

    def bit(self, p1):
        split = self.range * p1 // 65536
        bit = int(self.value < split)
        if bit:
            self.range = split
        else:
            self.value -= split
            self.range -= split
        while self.range < 1 << 24:
            self.shift()
            self.range = self.range << 8 & M
        return bit

    def raw(self, n_bits):
        value = 0
        for _ in range(n_bits):
            value = value << 1 | self.bit(0x8000)
        return value

    def end(self):
        if self.at < len(self.coded):
            raise Malformed("bytes left over")


class Short:
    def __init__(self):
        self.p, self.n = 0x800, 0

    def p1(self):
        return self.p * 16 + 8

    def learn(self, bit):
        if bit:
            self.p += (4095 - self.p) * RATE[self.n] // 4096
        else:
            self.p -= self.p * RATE[self.n] // 4096
        self.n = min(self.n + 1, 15)


class Long:
    def __init__(self):
        self.p, self.n = 0x200000, 0

    def p1(self):
        return max(16, min(65520, self.p >> 6))

    def learn(self, bit):
        if bit:
            self.p += (0x3FFFFF - self.p) // 8 * RATE[self.n] // 512
        else:
            self.p -= self.p // 8 * RATE[self.n] // 512
        if self.n < 250:
            self.n += 1


def longs(*shape):
    return Long() if not shape else [longs(*shape[1:]) for _ in range(shape[0])]


def alone(coder, counter):
    bit = coder.bit(counter.p1())
    counter.learn(bit)
    return bit


def mix(coder, counters, weights, rate):
    s = [STRETCH[c.p1()] for c in counters]
    p1 = squash(sum(w * x for w, x in zip(weights, s)) >> 15)
    bit = coder.bit(p1)
    error = bit * 65536 - p1
    for i, counter in enumerate(counters):
        w = weights[i] + ((((s[i] * error) >> 10) * rate + 1024) >> 11)
        weights[i] = max(-131071, min(131071, w))
        counter.learn(bit)
    return bit


# ---- ops and maps ----

class Number:
    def __init__(self):
        self.exponent = [Short() for _ in range(32)]
        self.upper = [[Short() for _ in range(3)] for _ in range(16)]
        self.lower = [[Short() for _ in range(3)] for _ in range(16)]

    @staticmethod
    def tree(coder, counters, n_bits):
        node = 1
        for _ in range(n_bits):
            node = 2 * node + alone(coder, counters[node - 1])
        return node - (1 << n_bits)

    def read(self, coder):
        e = self.tree(coder, self.exponent, 5)
        row = min(e, 15)
        n_upper = min(e, 2)
        n_lower = min(e - n_upper, 2)
        v = 1 << n_upper | self.tree(coder, self.upper[row], n_upper)
        n_raw = e - n_upper - n_lower
        v = v << n_raw | coder.raw(n_raw)
        v = v << n_lower | self.tree(coder, self.lower[row], n_lower)
        return v - 1


class OpModels:
    def __init__(self):
        self.gap, self.len = [Number(), Number()], [Number(), Number()]
        self.jump, self.jump_back = Number(), Short()
        self.recent_miss = [[Short() for _ in range(8)] for _ in range(2)]
        self.in_map = [Short() for _ in range(16)]
        self.recent, self.pos, self.fresh = [0] * 8, 0, 0

    def diagonal(self, coder, no_gap):
        for i in range(8):
            if alone(coder, self.recent_miss[no_gap][i]) == 0:
                self.recent.insert(0, self.recent.pop(i))
                self.fresh = int(i != 0)
                return self.recent[0]
        back = alone(coder, self.jump_back)
        jump = self.jump.read(coder) + 1
        self.recent.insert(0, self.recent[0] + (-jump if back else jump) & M)
        self.recent.pop()
        self.fresh = 1
        return self.recent[0]

    def read(self, coder, new_bytes, source_bytes, thumb):
        """(new_off, n, src_off, in_map), or None behind the last."""
        gap = self.gap[self.fresh].read(coder)
        off = self.pos + gap
        if off > new_bytes:
            raise Malformed("op outside the image")
        if off == new_bytes:
            return None
        n = self.len[int(gap == 0)].read(coder) + 1
        src = off + self.diagonal(coder, int(gap == 0)) & M
        if off + n > new_bytes or src + n > source_bytes:
            raise Malformed("op outside the images")
        in_map = thumb and alone(coder, self.in_map[(n.bit_length() - 1) & 15])
        self.pos = off + n
        return off, n, src, in_map


class Map:
    def __init__(self):
        self.segments = []

    def add(self, begin, diagonal):
        begin &= 0xFFFFFF
        at = sum(1 for b, _ in self.segments if b <= begin)
        self.segments.insert(at, (begin, diagonal & 0xFFFFFF))

    def diagonal(self, address):
        if not self.segments:
            return 0
        found = self.segments[0][1]
        for begin, diagonal in self.segments:
            if begin > address & 0xFFFFFF:
                break
            found = diagonal
        return signed24(found)


# ---- a unit ----

CALL, POINTER, RAM, PAIR = range(4)
SEEN, MAPPED, CORRECTED, NEIGHBOUR, SAME, NONE = range(6)


class Unit:
    """Decodes one unit.  read_source(off): a byte that can be read now, or None."""

    def __init__(self, body, coded, off, end, read_source):
        self.body, self.coder, self.pos, self.end, self.read_source = body, RangeDecoder(coded), off, end, read_source
        self.out = bytearray()
        self.hashed = [Short() for _ in range(body.n_hashed)]
        self.byte_weights = [[4000] * 5 for _ in range(24)]
        self.flag_weights = [[9000] * 5 for _ in range(16)]
        self.run, self.history, self.place = longs(16, 8), longs(32, 8), longs(8, 8, 2)
        self.last = self.equal_run = self.flags = 0
        self.lane_diff = [0] * 4
        self.marks, self.pool_at = set(), 0
        self.pointer_end, self.inside_end = M, 0
        self.last_old = self.last_new = 0
        self.results, self.hit_run, self.correction = [0] * 4, [0] * 4, [0] * 4
        self.last_guess = [NONE] * 4
        self.seen = [(M, 0)] * 64
        self.by_results, self.by_run = longs(4, 5, 8), longs(4, 16)
        self.by_last, self.further = longs(4, 5, 6), longs(4, 5, 4)
        self.word_weights = [[9830] * 4 for _ in range(4)]
        self.isa = isa.SETS[body.arch](body.address, read_source) if body.arch else None

    def counter(self, kind, value, node):
        h = ((value * B + kind) * A + node * B) * A & M
        direct = self.direct()
        return self.hashed[direct + ((h >> 16) * (len(self.hashed) - direct) >> 16)]

    def direct(self):
        return 1024 if len(self.hashed) >= 1280 else 0

    def order0(self, number, node):
        return self.hashed[256 * number + node] if self.direct() else self.counter(8, number, node)

    # bytes

    def put(self, byte):
        self.out.append(byte)
        self.last = (self.last << 8 | byte) & M
        self.pos += 1

    def byte(self, order0, contexts, excepted=None):
        node = 1
        for k in range(7, -1, -1):
            on_path = excepted is not None and node == (excepted | 0x100) >> (k + 1)
            if on_path and k == 0:
                bit = ~excepted & 1
            else:
                number = k if excepted is None else 16 + k if on_path else 8 + k
                counters = [self.order0(order0, node)] + [self.counter(kind, value, node) for kind, value in contexts]
                bit = mix(self.coder, counters, self.byte_weights[number], 36)
            node = 2 * node + bit
        return node & 0xFF

    def literal(self):
        odd = self.pos & 1
        self.put(self.byte(odd, [(1, self.last & 0xFF | odd << 8), (2, self.last & 0xFFFF | odd << 16)]))

    @staticmethod
    def bucket(n):
        if n < 4:
            return n
        bits = n.bit_length()
        return min(2 * (bits - 1) + (n >> (bits - 2) & 1), 15)

    def copied(self, predicted, kind):
        off, n, src_off, _ = self.body.op
        done = self.pos - off
        near = self.read_source(src_off + done ^ 1)
        near = 0xFFFF if near is None else near
        counters = [self.counter(16 + kind, near, predicted), self.counter(7, self.last & 0xFFFF, predicted),
                    self.run[self.bucket(self.equal_run)][kind], self.history[self.flags & 31][kind],
                    self.place[min(done.bit_length(), 7)][min((n - done).bit_length(), 8) - 1][int(kind >= 4)]]
        differs = mix(self.coder, counters, self.flag_weights[2 * kind + int(self.flags & 15 != 0)], 50)
        self.flags = (self.flags << 1 | differs) & M
        if not differs:
            self.equal_run += 1
            self.put(predicted)
            return
        odd, lane = self.pos & 1, self.pos & 3
        byte = self.byte(2 + odd, [(9, self.last & 0xFF | odd << 8),
                          (10, predicted + self.lane_diff[lane] & 0xFF), (11, predicted | kind << 8),
                          (12, predicted | near << 8)], predicted)
        self.lane_diff[lane] = byte - predicted & 0xFF
        self.equal_run = 0
        self.put(byte)

    # references

    def moved(self, target):
        off, n, src_off, _ = self.body.op
        if (target - src_off) & M < n:
            return target - src_off + off & M
        return target - self.body.map.diagonal(target) & M

    def in_old(self, target):
        return target < self.body.base_bytes

    def move_pool(self, src):
        if (src - self.pool_at) & M >= 1024:
            self.marks.clear()
        else:
            for word in range(self.pool_at & ~3, src - 3, 4):
                self.marks.discard(word // 4 % 256)
        self.pool_at = src

    def mark(self, target):
        if (target - self.pool_at) & M < 1024:
            self.marks.add(target // 4 % 256)

    def as_data(self, word):
        return int.from_bytes(word.to_bytes(4, "little"), "big") if self.isa.big_endian else word

    def in_ram(self, address):
        return (address - self.body.ram_begin) & M < self.body.ram_bytes

    def pointer(self, src, word, marked):
        """(kind, target), or None."""
        address = self.as_data(word)
        off = address - self.body.address & M
        if self.in_old(off) and (self.body.address >= 0x1000 or off >= 0x400):
            return POINTER, off
        if self.in_ram(address) and (marked or self.isa.anywhere or self.pointer_end == src):
            return RAM, address - self.body.ram_begin & M
        return None

    def mapped(self, kind, target):
        """Where it is now, and whether a map says so."""
        address = target + self.body.address & M
        if kind == RAM:
            return target - self.body.ram_map.diagonal(target) & M, True
        if kind == PAIR and not self.in_old(target):
            if self.in_ram(address):
                return target - self.body.ram_map.diagonal(address - self.body.ram_begin & M) & M, True
            if target // 2 < self.body.base_bytes:
                return self.moved(target), True
            return target, False
        return self.moved(target), kind == POINTER or self.in_old(target)

    def guesses(self, kind, src, word, target, word_for):
        mapped, known = self.mapped(kind, target)
        corrected = mapped + self.correction[kind] & M
        slot = (target * A & M) >> 16 & 63
        table = kind == POINTER and self.pointer_end == src
        wanted = []
        if table and self.last_guess[kind] == CORRECTED:
            wanted.append((CORRECTED, word_for(corrected)))
        if kind != RAM and self.seen[slot][0] == target:
            wanted.append((SEEN, word_for(self.seen[slot][1])))
        if not known:
            wanted.append((SAME, word))
        else:
            wanted += [(MAPPED, word_for(mapped)), (CORRECTED, word_for(corrected))]
        if table:
            wanted.append((NEIGHBOUR, self.as_data(self.last_new + self.as_data(word) - self.last_old & M)))
        wanted.append((SAME, word))
        out = []
        for source, guess in wanted:
            if guess is not None and guess not in [g for _, g in out]:
                out.append((source, guess))
        return out, mapped, slot

    def reference(self, kind, src, word, n, target, word_for, new_target):
        guesses, mapped, slot = self.guesses(kind, src, word, target, word_for)
        first = guesses[0][0]
        counters = [self.counter(32 + kind, target, first), self.by_results[kind][first][self.results[kind] & 7],
                    self.by_run[kind][self.bucket(self.hit_run[kind])],
                    self.by_last[kind][first][self.last_guess[kind]]]
        hit = 0
        if mix(self.coder, counters, self.word_weights[kind], 14):
            hit = 1
            while hit < len(guesses) and alone(self.coder, self.further[kind][guesses[hit][0]][min(hit, 3)]):
                hit += 1
        self.results[kind] = (self.results[kind] << 1 | int(hit != 0)) & M
        self.hit_run[kind] = self.hit_run[kind] + 1 if hit == 0 else 0
        if hit < len(guesses):
            self.last_guess[kind] = guesses[hit][0]
            for byte in struct.pack("<I", guesses[hit][1])[:n]:
                self.put(byte)
            self.equal_run += n
            self.flags = self.flags << n & M
        else:
            self.last_guess[kind] = NONE
            for byte in struct.pack("<I", guesses[0][1])[:n]:
                self.copied(byte, 6 if kind in (CALL, PAIR) else 7)
        new_word = int.from_bytes(self.out[-n:], "little")
        now = new_target(new_word)
        if now is not None:
            self.correction[kind] = now - mapped & M
            if kind != RAM and (now != mapped or self.seen[slot][0] == target):
                self.seen[slot] = (target, now)
        if kind in (POINTER, RAM):
            self.pointer_end = src + 4
            self.last_old, self.last_new = self.as_data(word), self.as_data(new_word)
        return new_word

    def instruction(self, src, word, n):
        pos = self.pos
        found = self.isa.find(src, pos, word, n)
        self.inside_end = src + found.n_bytes
        new_word, coded = word, False
        if found.kind in (isa.LOAD, isa.ADJUST):
            if found.kind == isa.LOAD:
                self.mark(found.target)
            made = found.make(self.moved(found.target)) if self.in_old(found.target) else None
            made = word if made is None else made
            for byte in struct.pack("<I", made)[:found.n_bytes]:
                self.copied(byte, 4 if found.n_bytes == 2 else 5)
            coded = True
        elif found.kind != isa.NONE:
            kind = PAIR if found.kind == isa.PAIR else CALL
            new_word = self.reference(kind, src, word, found.n_bytes, found.target, found.make, found.read)
            coded = True
        if found.done:
            found.done(new_word)
        return coded

    def copy_reference(self, src, left):
        """Whether something was coded."""
        aligned = src % 4 == 0
        if src % self.isa.align and not (self.isa.anywhere and aligned):
            return False
        old = []
        while len(old) < min(left, 4) and self.read_source(src + len(old)) is not None:
            old.append(self.read_source(src + len(old)))
        if len(old) < 2:
            return False
        word = sum(byte << 8 * i for i, byte in enumerate(old))
        self.move_pool(src)
        marked = aligned and src // 4 % 256 in self.marks
        inside = 1 <= self.inside_end - src <= 3
        if len(old) == 4 and aligned and (not inside or self.isa.anywhere):
            found = self.pointer(src, word, marked)
            if found:
                origin = self.body.address if found[0] == POINTER else self.body.ram_begin
                self.reference(found[0], src, word, 4, found[1], lambda t: self.as_data(t + origin & M),
                               lambda w: self.as_data(w) - origin & M)
                return True
        return False if marked or inside else self.instruction(src, word, len(old))

    def decode(self):
        while self.pos < self.end:
            op = self.body.op_at(self.pos)
            if op is None or self.pos < op[0]:
                self.literal()
                continue
            src = op[2] + self.pos - op[0]
            left = min(op[0] + op[1], self.end) - self.pos
            if self.isa and self.copy_reference(src, left):
                continue
            byte = self.read_source(src)
            if byte is None:
                raise Malformed("copy of what cannot be read")
            self.copied(byte, src & 3)
        self.coder.end()
        return bytes(self.out)


class Body:
    """What the prologue says."""

    def __init__(self, prologue, arch, base_bytes, new_bytes):
        self.arch, self.base_bytes = arch, base_bytes
        self.n_hashed = prologue[0] * 128
        n_ram, n_map = prologue[1], prologue[2] | prologue[3] << 8
        coder = RangeDecoder(prologue[4:])
        self.address = self.ram_begin = self.ram_bytes = 0
        if self.arch:
            self.address = coder.raw(24) << 8
            if n_ram:
                self.ram_begin, self.ram_bytes = coder.raw(24) << 8, coder.raw(16) << 8
        self.map, self.ram_map = Map(), Map()
        models, begin, diagonal = OpModels(), 0, 0
        for _ in range(n_ram):
            begin += models.gap[0].read(coder)
            back = alone(coder, models.jump_back)
            jump = models.jump.read(coder)
            diagonal = diagonal + (-jump if back else jump) & M
            self.ram_map.add(begin, diagonal)
        models, self.ops = OpModels(), []
        while (op := models.read(coder, new_bytes, base_bytes or new_bytes, self.arch != 0)) is not None:
            self.ops.append(op)
            if op[3]:
                self.map.add(op[2], op[2] - op[0])
        if len(self.map.segments) != n_map:
            raise Malformed("map")
        coder.end()
        self.op = None

    def op_at(self, pos):
        """The op that holds pos, or the next one."""
        if self.op is None or not self.op[0] <= pos < self.op[0] + self.op[1]:
            self.op = next((op for op in self.ops if pos < op[0] + op[1]), None)
        return self.op


# ---- the package ----

class Package:
    def __init__(self, data):
        magic, version, mask, head_bytes, total = struct.unpack("<4sBBHI", data[:12])
        if magic != b"FOTA" or version != 0 or total != len(data) or b"+++" in data or data.endswith(b"+"):
            raise Malformed("prefix")
        plain = data[:12] + bytes(b ^ mask for b in data[12:])
        (self.features, self.counter, self.base_bytes, self.new_bytes, self.base_hash, self.new_hash, body_hash,
         _, self.n_ring, self.n_units, _, codec, self.arch, self.prologue_bytes, _, n_product, n_from, n_to,
         n_sections) = struct.unpack("<IIII32s32s32sIHHHBBIIBBBB", plain[12:148])
        strings = plain[148:148 + n_product + n_from + n_to].decode()
        self.product = strings[:n_product]
        self.from_version = strings[n_product:n_product + n_from]
        self.to_version = strings[n_product + n_from:]
        if codec != 1 or n_sections or head_bytes != 148 + len(strings):
            raise Malformed("head")
        self.body = plain[head_bytes + 1 + 69 * plain[head_bytes]:]
        if hashlib.sha256(self.body).digest() != body_hash:
            raise Malformed("body hash")

    def units(self):
        off = self.prologue_bytes
        for _ in range(self.n_units):
            first, n_sectors = struct.unpack_from("<HB", self.body, off)
            n_coded = int.from_bytes(self.body[off + 3:off + 6], "little")
            n_map = (n_sectors + 7) // 8
            crc_off = off + 10 + n_map
            new_crc, = struct.unpack_from("<I", self.body, off + 6)
            coded_crc, = struct.unpack_from("<I", self.body, crc_off)
            bits = int.from_bytes(self.body[off + 10:crc_off], "little")
            coded = self.body[crc_off + 4:crc_off + 4 + n_coded]
            if zlib.crc32(self.body[off:crc_off] + coded) != coded_crc:
                raise Malformed("coded_crc")
            yield first, n_sectors, [i for i in range(n_sectors) if bits >> i & 1], coded, new_crc
            off = crc_off + 4 + n_coded
        if off != len(self.body):
            raise Malformed("bytes behind the units")


def decode(data, base, sector):
    """The new image that the package `data` makes of `base`, in a slot of equal sectors."""
    p = Package(data)
    full, two_slots = p.features & 1, p.features & 4
    if not full and (len(base) != p.base_bytes or hashlib.sha256(base).digest() != p.base_hash):
        raise Malformed("base")
    body = Body(p.body[:p.prologue_bytes], p.arch, p.base_bytes, p.new_bytes)
    n_sectors = (p.new_bytes + sector - 1) // sector
    slot = bytearray(p.new_bytes) if full or two_slots else bytearray(base[:p.new_bytes].ljust(p.new_bytes, b"\xFF"))
    stashed, written = [], set()
    for first, n, writes, coded, new_crc in p.units():
        off, end = first * sector, min((first + n) * sector, p.new_bytes)
        touched = written | {first + i for i in writes}
        if first + n > n_sectors or len(touched) != len(written) + len(writes):
            raise Malformed("sectors")
        stashed += [first + i for i in writes if (first + i) * sector < p.base_bytes]
        ring = set(stashed[-p.n_ring:]) if p.n_ring else set()
        unit = None

        def read_old(at):
            place = at // sector
            return base[at] if at < len(base) and (two_slots or place in ring or place not in touched) else None

        def read_new(at):
            if off <= at < end:
                return unit.out[at - off] if at < unit.pos & ~255 else None
            return slot[at] if at < p.new_bytes and at // sector in written else None

        unit = Unit(body, coded, off, end, read_new if full else read_old)
        new = unit.decode()
        if zlib.crc32(new) != new_crc:
            raise Malformed("new_crc")
        for i in range(n):
            old = bytes(slot[off + i * sector:min(off + (i + 1) * sector, end)])
            if i not in writes and old != new[i * sector:(i + 1) * sector]:
                raise Malformed("a sector that is not written differs")
        slot[off:end] = new
        written = touched
    if hashlib.sha256(slot).digest() != p.new_hash:
        raise Malformed("new_sha256")
    return bytes(slot)
