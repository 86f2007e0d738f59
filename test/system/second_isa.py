"""Instruction sets of the second decoder, written from doc/codec.md 8.

find(src, pos, word, n) of a set says what stands at `src`: an Instruction.  `word` are the first n (2 to 4)
old bytes.  Offsets are in the image; `base` is its address."""
M = 0xFFFFFFFF
NONE, ADJUST, LOAD, CALL, PAIR = "none", "adjust", "load", "call", "pair"


def signed(v, n_bits):
    v &= (1 << n_bits) - 1
    return v - (1 << n_bits) if v >> (n_bits - 1) & 1 else v


def as_signed(v):
    return signed(v, 32)


def fits(v, n_bits):
    return -(1 << (n_bits - 1)) <= v < 1 << (n_bits - 1)


class Instruction:
    """make(target): the word for another target or None; read(word): the target of a new word or None;
    done(new_word): to be called behind it."""

    def __init__(self, n_bytes, kind=NONE, target=None, make=None, read=None, done=None):
        self.n_bytes, self.kind, self.make, self.read, self.done = n_bytes, kind, make, read, done
        self.target = None if target is None else target & M


class Thumb:
    align, big_endian, anywhere = 2, False, False

    def __init__(self, base, old_byte):
        self.base, self.old_byte = base, old_byte

    def find(self, src, pos, word, n):
        half = word & 0xFFFF
        if half & 0xF800 >= 0xE800:
            if n < 4:
                return Instruction(4)
            if self.is_call(word):
                return Instruction(4, CALL, src + self.call_offset(word), lambda t: self.set_call(word, t - pos),
                                   lambda w: pos + self.call_offset(w) & M if self.is_call(w) else None)
            if word & 0xFF7F == 0xF85F:
                imm = word >> 16 & 0xFFF
                return Instruction(4, LOAD, (src + 4 & ~3) + (imm if word & 0x80 else -imm),
                                   lambda t: self.set_wide_load(word, as_signed(t - (pos + 4 & ~3))))
            return Instruction(4)
        if half & 0xF800 == 0x4800:
            return Instruction(2, LOAD, (src + 4 & ~3) + 4 * (half & 0xFF),
                               lambda t: self.set_load(half, as_signed(t - (pos + 4 & ~3))))
        return self.branch(src, pos, half)

    @staticmethod
    def is_call(word):
        return word & 0xF800 == 0xF000 and word >> 16 & 0xD000 in (0x9000, 0xD000)

    @staticmethod
    def call_offset(word):
        first, second = word & 0xFFFF, word >> 16
        s = first >> 10 & 1
        i1, i2 = 1 - ((second >> 13 & 1) ^ s), 1 - ((second >> 11 & 1) ^ s)
        return signed(s << 24 | i1 << 23 | i2 << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1, 25) + 4

    @staticmethod
    def set_call(word, offset):
        v = as_signed(offset - 4)
        if v & 1 or not fits(v, 25):
            return None
        s = int(v < 0)
        j1, j2 = 1 - ((v >> 23 & 1) ^ s), 1 - ((v >> 22 & 1) ^ s)
        first = word & 0xF800 | s << 10 | v >> 12 & 0x3FF
        return (word >> 16 & 0xD000 | j1 << 13 | j2 << 11 | v >> 1 & 0x7FF) << 16 | first

    @staticmethod
    def set_wide_load(word, distance):
        if abs(distance) > 0xFFF:
            return None
        up = word & 0x80 if distance == 0 else 0x80 if distance > 0 else 0
        return word & 0xF000FF7F | up | abs(distance) << 16

    @staticmethod
    def set_load(half, distance):
        return half & ~0xFF | distance // 4 if distance % 4 == 0 and 0 <= distance <= 1020 else None

    @staticmethod
    def branch(src, pos, half):
        def cond(v):
            return half & 0xFF00 | v >> 1 & 0xFF if fits(v, 9) else None

        def always(v):
            return half & 0xF800 | v >> 1 & 0x7FF if fits(v, 12) else None

        def zero(v):
            return half & 0xFD07 | (v >> 1 & 31) << 3 | (v >> 6 & 1) << 9 if 0 <= v < 128 else None

        def found(offset, make):
            def make_even(target):
                v = as_signed(target - pos - 4)
                return make(v) if v % 2 == 0 else None
            return Instruction(2, ADJUST, src + offset + 4, make_even)

        if half & 0xF000 == 0xD000 and half & 0xF00 < 0xE00:
            return found(2 * signed(half, 8), cond)
        if half & 0xF800 == 0xE000:
            return found(2 * signed(half, 11), always)
        if half & 0xF500 == 0xB100:
            return found(2 * ((half >> 9 & 1) << 5 | half >> 3 & 31), zero)
        return Instruction(2)


class Arm(Thumb):
    def __init__(self, base, old_byte):
        super().__init__(base, old_byte)
        self.mode = 0

    def find(self, src, pos, word, n):
        if src % 4 or n < 4:
            return super().find(src, pos, word, n)
        self.mode = min(self.mode + 2, 15) if word >> 28 == 0xE else max(self.mode - 1, 0)
        if self.mode < 8:
            return super().find(src, pos, word, n)
        if word >> 25 & 7 == 5:
            return Instruction(4, CALL, src + self.branch_offset(word), lambda t: self.set_branch(word, t - pos),
                               lambda w: pos + self.branch_offset(w) & M if w >> 25 & 7 == 5 else None)
        if word & 0x0F7F0000 == 0x051F0000:
            imm = word & 0xFFF
            return Instruction(4, LOAD, src + 8 + (imm if word >> 23 & 1 else -imm),
                               lambda t: self.set_a32_load(word, as_signed(t - pos - 8)))
        return Instruction(4)

    @staticmethod
    def branch_offset(word):
        return 4 * signed(word, 24) + 8 + (word >> 23 & 2 if word >> 28 == 15 else 0)

    @staticmethod
    def set_branch(word, offset):
        v = as_signed(offset - 8)
        if not fits(v, 26) or v % (2 if word >> 28 == 15 else 4):
            return None
        top = word & 0xFE000000 | (v & 2) << 23 if word >> 28 == 15 else word & 0xFF000000
        return top | v >> 2 & 0xFFFFFF

    @staticmethod
    def set_a32_load(word, distance):
        if abs(distance) > 0xFFF:
            return None
        return word & 0xFF7FF000 | int(distance >= 0) << 23 | abs(distance)


class Paired:
    """Sets with addresses in two parts: old and new value of the registers that hold an upper part."""
    big_endian, anywhere = False, False

    def __init__(self, base, old_byte):
        self.base, self.old_byte, self.registers = base, old_byte, {}

    def ahead(self, src, n):
        bytes_ = [self.old_byte(src + i) for i in range(n)]
        return None if None in bytes_ else sum(byte << 8 * i for i, byte in enumerate(bytes_))

    def forget(self, register):
        self.registers.pop(register, None)


class Aarch64(Paired):
    align = 4

    @staticmethod
    def low_shift(w):
        if w & 0xFFC00000 == 0x91000000:
            return 0
        if w & 0x3B000000 != 0x39000000:
            return None
        return 4 if w & 0x04800000 == 0x04800000 and w >> 30 == 0 else w >> 30

    @staticmethod
    def writes(w):
        if w & 0x1C000000 == 0x14000000:
            return False
        return bool(w >> 22 & 1) if w & 0x0A000000 == 0x08000000 else True

    def low(self, src, register):
        for off in range(4, 32, 4):
            w = self.ahead(src + off, 4)
            if w is None:
                return 0
            if self.low_shift(w) is not None and w >> 5 & 31 == register:
                return (w >> 10 & 0xFFF) << self.low_shift(w)
            if self.writes(w) and w & 31 == register:
                return 0
        return 0

    @staticmethod
    def page(w, address):
        return (address & ~0xFFF) + (signed(w >> 29 & 3 | w >> 3 & 0x1FFFFC, 21) << 12) & M

    @staticmethod
    def field(word, v, at, n_bits, scale):
        """`word` with v / scale in its bits, or None."""
        if v % scale or not fits(v // scale, n_bits):
            return None
        mask = (1 << n_bits) - 1
        return word & ~(mask << at) | (v // scale & mask) << at

    @staticmethod
    def field_21(word, v):
        return word & 0x9F00001F | (v & 3) << 29 | (v & 0x1FFFFC) << 3

    def find(self, src, pos, w, n):
        if n < 4:
            return Instruction(4)
        rd, rn = w & 31, w >> 5 & 31

        def forget(_):
            if self.writes(w):
                self.forget(rd)

        if w & 0x7C000000 == 0x14000000:
            return Instruction(4, CALL, src + 4 * signed(w, 26), lambda t: self.field(w, as_signed(t - pos), 0, 26, 4),
                               lambda v: pos + 4 * signed(v, 26) & M if v & 0x7C000000 == 0x14000000 else None, forget)
        if w & 0xFF000010 == 0x54000000 or w & 0x7E000000 == 0x34000000 or w & 0x3B000000 == 0x18000000:
            return Instruction(4, ADJUST, src + 4 * signed(w >> 5, 19),
                               lambda t: self.field(w, as_signed(t - pos), 5, 19, 4), None, forget)
        if w & 0x7E000000 == 0x36000000:
            return Instruction(4, ADJUST, src + 4 * signed(w >> 5, 14),
                               lambda t: self.field(w, as_signed(t - pos), 5, 14, 4), None, forget)
        if w & 0x9F000000 == 0x10000000:
            def make_adr(target):
                v = as_signed(target - pos)
                return self.field_21(w, v) if fits(v, 21) else None
            return Instruction(4, ADJUST, src + signed(w >> 29 & 3 | w >> 3 & 0x1FFFFC, 21), make_adr, None, forget)
        if w & 0x9F000000 == 0x90000000:
            return self.adrp(src, pos, w, rd)
        if self.low_shift(w) is not None and rn in self.registers:
            return self.add(w, rn, forget)
        return Instruction(4, done=forget)

    def adrp(self, src, pos, w, rd):
        def make(target):
            pages = (self.base + target & M & ~0xFFF) - (self.base + pos & M & ~0xFFF)
            return self.field_21(w, as_signed(pages) >> 12)

        def done(new):
            self.registers[rd] = self.page(w, self.base + src & M), self.page(new, self.base + pos & M)

        return Instruction(4, PAIR, self.page(w, self.base + src & M) + self.low(src, rd) - self.base, make,
                           lambda v: None, done)

    def add(self, w, rn, forget):
        old, new = self.registers[rn]

        def make(target):
            v = self.base + target - new & M
            shift = self.low_shift(w)
            return w & 0xFFC003FF | v >> shift << 10 if v <= 0xFFF and v % (1 << shift) == 0 else None

        def read(v):
            shift, register = self.low_shift(v), v >> 5 & 31
            if shift is None or register not in self.registers:
                return None
            return self.registers[register][1] + ((v >> 10 & 0xFFF) << shift) - self.base & M

        return Instruction(4, PAIR, old + ((w >> 10 & 0xFFF) << self.low_shift(w)) - self.base, make, read, forget)


def gather(word, parts):
    """(from, n_bits, to) of each part."""
    return sum((word >> a & (1 << n) - 1) << b for a, n, b in parts)


def scatter(word, v, parts):
    for a, n, b in parts:
        mask = (1 << n) - 1
        word = word & ~(mask << a) | (v >> b & mask) << a
    return word


class Riscv(Paired):
    align = 2
    JAL = [(31, 1, 20), (12, 8, 12), (20, 1, 11), (21, 10, 1)], 21
    BRANCH = [(31, 1, 12), (7, 1, 11), (25, 6, 5), (8, 4, 1)], 13
    C_JUMP = [(12, 1, 11), (11, 1, 4), (9, 2, 8), (8, 1, 10), (7, 1, 6), (6, 1, 7), (3, 3, 1), (2, 1, 5)], 12
    C_BRANCH = [(12, 1, 8), (10, 2, 3), (5, 2, 6), (3, 2, 1), (2, 1, 5)], 9
    I, S = [(20, 12, 0)], [(25, 7, 5), (7, 5, 0)]

    def low_form(self, w):
        opcode = w & 0x7F
        if opcode in (0x03, 0x07, 0x67) or opcode in (0x13, 0x1B) and w & 0x7000 == 0:
            return self.I
        return self.S if opcode in (0x23, 0x27) else None

    def written(self, w):
        rd, top = w >> 7 & 31, w >> 13 & 7
        if w & 3 == 0:
            return 8 + (w >> 2 & 7) if top < 4 else 0
        if w & 3 == 1:
            return rd if top < 4 else 8 + (w >> 7 & 7) if top == 4 else 0
        if w & 3 == 2:
            return rd if top < 5 else 0
        return 0 if w & 0x7F == 0x63 or self.low_form(w) is self.S else rd

    def low(self, src, register):
        off = 4
        while off < 32:
            first = self.ahead(src + off, 1)
            if first is None:
                return 0
            wide = first & 3 == 3
            w = self.ahead(src + off, 4 if wide else 2)
            if w is None:
                return 0
            form = self.low_form(w) if wide else None
            if form and w >> 15 & 31 == register:
                return signed(gather(w, form), 12)
            if self.written(w) == register:
                return 0
            off += 4 if wide else 2
        return 0

    @staticmethod
    def near(src, pos, w, n, kind, form, done):
        parts, bits = form

        def make(target):
            v = as_signed(target - pos)
            return scatter(w, v & M, parts) if v % 2 == 0 and fits(v, bits) else None

        def read(v):
            return pos + signed(gather(v, parts), bits) & M if v & 0x7F == 0x6F else None

        return Instruction(n, kind, src + signed(gather(w, parts), bits), make, read, done)

    def find(self, src, pos, w, n):
        def forget(_):
            self.forget(self.written(w))

        if w & 3 != 3:
            half = w & 0xFFFF
            if half & 0xE003 == 0xA001:
                return self.near(src, pos, half, 2, ADJUST, self.C_JUMP, forget)
            if half & 0xE003 in (0xC001, 0xE001):
                return self.near(src, pos, half, 2, ADJUST, self.C_BRANCH, forget)
            return Instruction(2, done=forget)
        if n < 4:
            return Instruction(4)
        opcode, rd, rs = w & 0x7F, w >> 7 & 31, w >> 15 & 31
        if opcode == 0x6F:
            return self.near(src, pos, w, 4, CALL, self.JAL, forget)
        if opcode == 0x63:
            return self.near(src, pos, w, 4, ADJUST, self.BRANCH, forget)
        if opcode in (0x17, 0x37) and rd:
            return self.upper(src, pos, w, opcode, rd)
        form = self.low_form(w)
        if form and rs in self.registers:
            return self.lower(w, form, rs, forget)
        return Instruction(4, done=forget)

    def upper(self, src, pos, w, opcode, rd):
        def value(word, at):
            return (word & 0xFFFFF000) + (self.base + at if opcode == 0x17 else 0) & M

        def make(target):
            v = target + self.base - (self.base + pos if opcode == 0x17 else 0)
            return w & 0xFFF | v + 0x800 & 0xFFFFF000

        def done(new):
            at = self.base + pos if new & 0x7F == 0x17 else 0
            self.registers[rd] = value(w, src), (new & 0xFFFFF000) + at & M

        return Instruction(4, PAIR, value(w, src) + self.low(src, rd) - self.base, make, lambda v: None, done)

    def lower(self, w, form, rs, forget):
        old, new = self.registers[rs]

        def make(target):
            v = as_signed(target + self.base - new)
            return scatter(w, v & M, form) if fits(v, 12) else None

        def read(v):
            register = v >> 15 & 31
            if self.low_form(v) is not form or register not in self.registers:
                return None
            return self.registers[register][1] + signed(gather(v, form), 12) - self.base & M

        return Instruction(4, PAIR, old + signed(gather(w, form), 12) - self.base, make, read, forget)


class Xtensa:
    align, big_endian, anywhere = 1, False, True

    def __init__(self, base, old_byte):
        self.base, self.old_byte = base, old_byte

    def field(self, word, at, n_bits):
        """Bits counted from op0 on."""
        if self.big_endian:
            word = int.from_bytes((word & 0xFFFFFF).to_bytes(3, "big"), "little")
            at = 24 - at - n_bits
        return word >> at & (1 << n_bits) - 1

    def with_immediate(self, word, n_bits, v):
        low = word & 0xFFFFFF
        mask = (1 << n_bits) - 1
        if self.big_endian:
            low = int.from_bytes(low.to_bytes(3, "big"), "little")
            low = low & ~mask | v & mask
            low = int.from_bytes(low.to_bytes(3, "big"), "little")
        else:
            low = low & ~(mask << 24 - n_bits) | (v & mask) << 24 - n_bits
        return word & 0xFF000000 | low

    def find(self, src, pos, word, n):
        op0, n_field = self.field(word, 0, 4), self.field(word, 4, 2)
        n_bytes = 2 if op0 >= 8 else 3
        if n < 3:
            return Instruction(n_bytes)
        if op0 == 5:
            return self.scaled(src, pos, word, 18, op0, lambda at: self.base + at + 4 & ~3)
        if op0 == 1:
            return self.scaled(src, pos, word, 16, op0, lambda at: self.base + at + 3 & ~3)
        if op0 == 7 or op0 == 6 and (n_field == 2 or n_field == 3 and self.field(word, 6, 2) >= 2):
            return self.near(src, pos, word, 8)
        if op0 == 6 and n_field < 2:
            return self.near(src, pos, word, 12 if n_field else 18)
        return Instruction(n_bytes)

    def near(self, src, pos, word, bits):
        def make(target):
            v = as_signed(target - pos - 4)
            return self.with_immediate(word, bits, v) if fits(v, bits) else None
        return Instruction(3, ADJUST, src + 4 + signed(self.field(word, 24 - bits, bits), bits), make)

    def scaled(self, src, pos, word, bits, op0, origin):
        def value(w):
            v = self.field(w, 24 - bits, bits)
            return 4 * (signed(v, bits) if op0 == 5 else v - (1 << bits))

        def make(target):
            v = as_signed(target + self.base - origin(pos))
            good = fits(v, 20) if op0 == 5 else -0x40000 <= v < 0
            return self.with_immediate(word, bits, v >> 2) if good and v % 4 == 0 else None

        def read(w):
            return origin(pos) + value(w) - self.base & M if self.field(w, 0, 4) == op0 else None

        return Instruction(3, CALL, origin(src) + value(word) - self.base, make, read)


class XtensaBig(Xtensa):
    big_endian = True


SETS = {1: Thumb, 2: Arm, 3: Aarch64, 4: Riscv, 5: Xtensa, 6: XtensaBig}
