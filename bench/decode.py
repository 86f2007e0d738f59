"""The decoder on a Cortex-M: bench/cortex_m.c under QEMU, on one package."""
import hashlib
import pathlib
import re
import struct
import subprocess
import tempfile

from fetch import CACHE, HERE, ROOT, run

CORE_FLAGS = ["-mcpu=cortex-m3", "-mthumb", "-Os", "-std=c11", "-ffreestanding", "-ffunction-sections", "-fdata-sections",
              "-I.", "-I.cache/monocypher"]
WRAPPED = ("fota_delta_open", "fota_delta_begin", "fota_delta_read")


class Decoder:
    """The program, built once for what the core is now."""

    def __init__(self, build):
        sources = [HERE / "cortex_m.c", *sorted((ROOT / "core").glob("*.c")), ROOT / "port/monocypher/monocypher_verifier.c",
                   ROOT / ".cache/monocypher/monocypher.c", ROOT / ".cache/monocypher/monocypher-ed25519.c"]
        key = hashlib.sha256()
        for path in [*sources, *sorted((ROOT / "core").glob("*.h")), HERE / "cortex_m.ld"]:
            key.update(path.read_bytes())
        self.identity = key.hexdigest()
        self.sources, self.build = sources, build
        self.elf = CACHE / "decoder" / f"{self.identity[:16]}.elf"

    def make(self):
        folder = self.elf.parent
        folder.mkdir(exist_ok=True)
        run([self.build / "fota-provision", "key", CACHE / "maker.pub", folder / "board_key.h"])
        wrap = ["-Wl," + ",".join(f"--wrap={name}" for name in WRAPPED)]
        run(["arm-none-eabi-gcc", *CORE_FLAGS, f"-I{folder}", *self.sources, "-nostartfiles", "--specs=nano.specs",
             "-Wl,--gc-sections", "-T", HERE / "cortex_m.ld", *wrap, "-o", self.elf], cwd=ROOT)

    def run(self, old, new, package, in_place):
        """Update an emulated device; instructions per decoded byte.  The device compares the image's hash itself,
        with the one in the signed head, which is that of `new`."""
        if not self.elf.exists():
            self.make()
        data, patch = old.read_bytes(), package.read_bytes()
        info = self.info(package)
        assert info["new"]["sha256"] == hashlib.sha256(new.read_bytes()).hexdigest()
        if info["full"]:
            data = b""
        slot = sum(r["sectors"] * r["bytes"] for r in info["geometry"]["slot"])
        head = struct.pack("<5I", len(data), len(patch), slot, info["needs"]["scratch_sectors"] if in_place else 0,
                           2 if info["two_slots"] else 1)
        with tempfile.NamedTemporaryFile(dir=CACHE) as blob:
            blob.write(head + data + patch)
            blob.flush()
            done = subprocess.run(
                ["qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-nodefaults", "-monitor", "none", "-serial", "none",
                 "-icount", "shift=0", "-semihosting-config", "enable=on,target=native", "-kernel", str(self.elf),
                 "-device", f"loader,file={blob.name},addr=0x21000000,force-raw=on"],
                capture_output=True, text=True, timeout=600, check=False)
        said = dict(re.findall(r"(\w+) (\d+)", done.stdout + done.stderr))
        if said.get("result") != "0":
            raise SystemExit(f"{package.name}: the emulated device says {said or done.stderr}")
        return {"exact": True, "instructions": round(int(said["instructions"]) / int(said["decoded"])),
                "decoded": int(said["decoded"])}

    def info(self, package):
        import json
        return json.loads(run([self.build / "fota", "info", "--json", package]))
