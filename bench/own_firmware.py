"""Firmware built here, for changes of a known kind: fota's own core with Monocypher and FatFs, as one image
without a C library, cross-compiled for a target in a variant of its source or of its options."""
import hashlib
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLAGS = ["-ffreestanding", "-fno-builtin", "-ffunction-sections", "-fno-asynchronous-unwind-tables", "-fno-pie", "-w",
         "-I.", "-I.cache/monocypher", "-I.cache/fatfs", "-Iport/fatfs"]
TARGETS = {
    "m0plus": ("arm-none-eabi-", ["-mcpu=cortex-m0plus", "-mthumb"], 0x08000000, 0x20000000),
    "m4": ("arm-none-eabi-", ["-mcpu=cortex-m4", "-mthumb"], 0x08000000, 0x20000000),
    "a32": ("arm-none-eabi-", ["-mcpu=arm926ej-s", "-marm"], 0x20000000, 0x21000000),
    "rv32imac": ("riscv64-unknown-elf-", ["-march=rv32imac", "-mabi=ilp32", "-msmall-data-limit=0"], 0x20400000, 0x80000000),
    "rv64gc": ("riscv64-unknown-elf-", ["-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-msmall-data-limit=0"],
               0x80000000, 0x80400000),
    "aarch64": ("aarch64-linux-gnu-", ["-mgeneral-regs-only", "-mno-outline-atomics"], 0x40000000, 0x40800000),
}
# Options of a variant; what it changes in the source: text_of().
VARIANTS = {"base": ["-Os"], "constant": ["-Os"], "function": ["-Os"], "o2": ["-O2"]}
CONSTANT = ("#define MAX_FAT12\t0xFF5", "#define MAX_FAT12\t0xFE5")
STRING_H = """#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
char *strchr(const char *, int);
"""
ADDED = """
/* Adler-32, the function that the variant adds. */
uint32_t fota_added_sum(const uint8_t *bytes, uint32_t n_bytes);
uint32_t fota_added_sum(const uint8_t *bytes, uint32_t n_bytes)
{
    uint32_t a = 1;
    uint32_t b = 0;
    for (uint32_t i = 0; i < n_bytes; i++) {
        a = (a + bytes[i]) % 65521U;
        b = (b + a) % 65521U;
    }
    return b << 16 | a;
}
"""
START = """
#include <stddef.h>
#include <stdint.h>
#define KEEP __attribute__((used))
KEEP void *memcpy(void *d, const void *s, size_t n) { char *a = d; const char *b = s; while (n--) *a++ = *b++; return d; }
KEEP void *memmove(void *d, const void *s, size_t n)
{
    char *a = d; const char *b = s;
    if (a < b) while (n--) *a++ = *b++; else while (n--) a[n] = b[n];
    return d;
}
KEEP void *memset(void *d, int c, size_t n) { char *a = d; while (n--) *a++ = (char)c; return d; }
KEEP int memcmp(const void *x, const void *y, size_t n)
{
    const unsigned char *a = x, *b = y;
    for (; n--; a++, b++) if (*a != *b) return *a - *b;
    return 0;
}
KEEP char *strchr(const char *s, int c) { for (; *s != (char)c; s++) if (!*s) return 0; return (char *)s; }
int disk_initialize(unsigned char d) { return d; }
int disk_status(unsigned char d) { return d; }
int disk_read(unsigned char d, uint8_t *b, uint32_t s, unsigned n) { b[0] = (uint8_t)(d + s + n); return 0; }
int disk_write(unsigned char d, const uint8_t *b, uint32_t s, unsigned n) { return (int)(b[0] + d + s + n); }
int disk_ioctl(unsigned char d, unsigned char c, void *b) { return b ? d + c : 0; }
uint32_t get_fattime(void) { return 0x56840000; }
__attribute__((section(".vectors"))) const uintptr_t vectors[16] = {
    STACK_TOP, (uintptr_t)memcpy, (uintptr_t)memset, (uintptr_t)memcmp};
"""
LINK = """SECTIONS {{
  . = {base};
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.srodata*) . = ALIGN(4); }}
  . = {ram};
  .data : AT(LOADADDR(.text) + SIZEOF(.text)) {{ *(.data*) *(.sdata*) }}
  .bss (NOLOAD) : {{ *(.bss*) *(.sbss*) *(COMMON) }}
  /DISCARD/ : {{ *(.note*) *(.eh_frame*) *(.comment*) *(.ARM*) *(.riscv.attributes) }}
}}
"""


def sources():
    core = sorted((ROOT / "core").glob("*.c"))
    middle = len(core) // 2
    cache = ROOT / ".cache"
    return [*core[:middle], cache / "fatfs/ff.c", *core[middle:], cache / "fatfs/ffunicode.c",
            cache / "monocypher/monocypher.c", cache / "monocypher/monocypher-ed25519.c",
            ROOT / "port/monocypher/monocypher_verifier.c"]


def text_of(path, variant):
    """The source text; the variant's change is in the middle of the image."""
    text = path.read_text()
    if path.name == "ff.c":
        if variant == "constant":
            assert text.count(CONSTANT[0]) == 1
            text = text.replace(*CONSTANT)
        if variant == "function":
            text += ADDED
    return text


def build(target, variant, folder):
    prefix, flags, base, ram = TARGETS[target]
    level = VARIANTS[variant]
    key = hashlib.sha256()
    texts = {p: text_of(p, variant) for p in sources()}
    for text in (*texts.values(), START, STRING_H, LINK, repr(FLAGS + flags + level)):
        key.update(text.encode())
    for header in sorted((ROOT / "core").glob("*.h")):
        key.update(header.read_bytes())
    out = pathlib.Path(folder) / f"{target}-{variant}-{key.hexdigest()[:16]}.bin"
    if out.exists():
        return out
    work = out.with_suffix("")
    work.mkdir(parents=True, exist_ok=True)
    (work / "start.c").write_text(START.replace("STACK_TOP", hex(ram + 0x10000)))
    (work / "string.h").write_text(STRING_H)
    (work / "link.ld").write_text(LINK.format(base=hex(base), ram=hex(ram)))
    objects = []
    for path, text in {work / "start.c": (work / "start.c").read_text(), **texts}.items():
        obj = work / (path.stem + ".o")
        subprocess.run([prefix + "gcc", "-c", "-x", "c", "-", "-o", obj, *FLAGS, f"-I{path.parent}", f"-I{work}", *flags, *level],
                       input=text, text=True, cwd=ROOT, check=True)
        objects.append(obj)
    elf = out.with_suffix(".elf")
    subprocess.run([prefix + "gcc", "-nostdlib", "-static", "-no-pie", *flags, "-Wl,--build-id=none", "-Wl,--no-gc-sections",
                    "-T", work / "link.ld", *objects, "-lgcc", "-o", elf], check=True)
    subprocess.run([prefix + "objcopy", "-O", "binary", elf, out], check=True)
    return out
