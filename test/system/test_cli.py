#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The fota program as a maker uses it: diff, info, verify, apply; what they promise, and every bad input.

usage: test_cli.py BUILD_DIR STRIDE     (every STRIDE-th bit is flipped in the test of flipped bits)
"""
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import unittest

from cli_case import (SOURCE, FOTA, SLOT, OK, USAGE, IO, EXISTS, IMAGE, KEY, FORMAT, TRUNCATED, FEATURE, SIGNATURE,
                      UNKNOWN_KEY, PRODUCT, BASE, ALREADY, GEOMETRY, RAM, STAGING, SLOT_SPACE, BODY_HASH, OVERLONG,
                      PROFILE, firmware, intel_hex, elf, PROFILE_TEXT, Case)

STRIDE = int(sys.argv[2])


class Diff(Case):
    def test_equal_inputs_give_equal_packages(self):
        self.diff(out="a")
        self.diff(out="b")
        self.assertEqual(self.get("a"), self.get("b"))
        self.assertEqual(self.get("a"), self.package)

    def test_no_package_holds_the_escape(self):
        for data in (self.package, self.full):
            self.assertNotIn(b"+++", data)
            self.assertNotEqual(data[-1:], b"+")

    def test_it_says_what_it_made(self):
        run = self.diff()
        self.assertIn(f"out.fota: {len(self.package)} bytes", run.stdout)
        self.assertIn("delta, in place", run.stdout)
        self.assertEqual(run.stderr, "")
        self.assertEqual(self.diff("-q", "-f").stdout, "")
        doc = json.loads(self.diff("--json", "-f").stdout)
        self.assertEqual(doc["bytes"], len(self.package))

    def test_existing_output_stays_unless_forced(self):
        self.put("out.fota", "precious")
        run = self.diff(code=EXISTS)
        self.assertIn("-f", run.stderr)
        self.diff("-f")
        self.assertEqual(self.get("out.fota"), self.package)

    def test_a_version_that_is_not_in_its_image_is_warned_about(self):
        self.put("old2.bin", self.old.replace(b"A07", b"XXX"))
        run = self.diff(old="old2.bin")
        self.assertEqual(run.stderr, "fota: warning: old2.bin: the version 'A07' is not found in the image\n")
        run = self.run_fota("diff", "--key", "maker.key", "--product", "M95", "--to-version", "A09", "--full", "new.bin",
                            "-o", "x")
        self.assertEqual(run.stderr, "fota: warning: new.bin: the version 'A09' is not found in the image\n")

    def test_a_key_that_others_can_read_is_warned_about(self):
        os.chmod(self.dir / "maker.key", 0o640)
        self.assertIn("chmod 600", self.diff().stderr)

    def test_hex_elf_and_raw_of_an_image_give_the_same_package(self):
        self.put("new.hex", intel_hex(self.new))
        self.put("new.elf", elf(self.new))
        self.put("old.hex", intel_hex(self.old))
        for i, (old, new) in enumerate((("old.bin", "new.hex"), ("old.hex", "new.elf"))):
            self.diff(old=old, new=new, out=f"p{i}")
            self.assertEqual(self.get(f"p{i}"), self.package)

    def test_an_elf_file_is_taken_as_objcopy_takes_it(self):
        tools = [shutil.which(f"arm-none-eabi-{t}") for t in ("gcc", "objcopy")]
        if None in tools:
            self.skipTest("no ARM tool chain")
        self.put("fw.c", 'const char text[] = "M95FAR02A07 in rodata"; int data = 0x1234567; int zero[100];\n'
                         'void start(void) { zero[1] = data + text[3]; for (;;) {} }\n')
        self.put("fw.ld", "MEMORY { rom (rx) : ORIGIN = 0x08000000, LENGTH = 64K ram (rw) : ORIGIN = 0x20000000, LENGTH = 8K }\n"
                          "SECTIONS { .text : { *(.text*) *(.rodata*) } > rom .data : { *(.data*) } > ram AT > rom\n"
                          ".bss : { *(.bss*) } > ram }\n")
        subprocess.run([tools[0], "-mcpu=cortex-m3", "-nostdlib", "-g", "-Wl,-T,fw.ld,-e,start", "-o", "fw.elf", "fw.c"],
                       cwd=self.dir, check=True, capture_output=True)
        subprocess.run([tools[1], "-O", "binary", "fw.elf", "fw.bin"], cwd=self.dir, check=True)
        subprocess.run([tools[1], "-O", "ihex", "fw.elf", "fw.hex"], cwd=self.dir, check=True)
        packages = set()
        for name in ("fw.elf", "fw.bin", "fw.hex"):
            self.run_fota("diff", "-q", "--key", "maker.key", "--product", "M95", "--to-version", "M95FAR02A07", "--full",
                          name, "-o", "p", "-f")
            packages.add(self.get("p"))
        self.assertEqual(len(packages), 1)

    def test_old_and_new_must_differ(self):
        run = self.diff(new="old.bin", code=ALREADY)
        self.assertIn("already at this version", run.stderr)

    def test_images_that_cannot_be_used(self):
        self.put("empty", b"")
        self.put("bad.hex", intel_hex(self.new).replace(b":20002000", b":20002100", 1))
        self.put("cut.hex", intel_hex(self.new)[:5000])
        self.put("gap.hex", intel_hex(self.new[:64])[:-13] + intel_hex(b"x", 0x20000000))
        self.put("cut.elf", elf(self.new)[:-10])
        self.put("object.elf", elf(b"")[:52].replace(struct.pack("<I", 52), bytes(4), 1))
        for new, text in (("empty", "the file is empty"), ("bad.hex", "at line 3: "), ("cut.hex", "line "),
                          ("gap.hex", "more than 1 MiB"), ("cut.elf", "at offset 84: "), ("object.elf", "ELF")):
            run = self.diff(new=new, code=IMAGE)
            self.assertIn(f"fota: {new}", run.stderr)
            self.assertIn(text, run.stderr)

    def test_files_that_cannot_be_read_or_written(self):
        self.assertIn("No such file", self.diff(new="nowhere", code=IO).stderr)
        self.assertIn("directory", self.diff(old=".", code=IO).stderr)
        self.diff(out="nowhere/out", code=IO)
        self.diff(out=".", code=IO)
        self.assertIn("No space left", self.diff(out="/dev/full", code=IO).stderr)
        if os.geteuid() != 0:
            os.chmod(self.dir / "new.bin", 0)
            self.addCleanup(os.chmod, self.dir / "new.bin", 0o600)
            self.assertIn("Permission denied", self.diff(code=IO).stderr)

    def test_a_full_disk_leaves_nothing(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
        self.diff(code=IO, preexec_fn=limit)
        self.put("out.fota", "precious")
        self.diff("-f", code=IO, preexec_fn=limit)

    def test_bad_keys(self):
        for key, code in (("maker.pub", KEY), ("old.bin", KEY), ("nowhere", IO)):
            self.run_fota("diff", "--key", key, "--product", "M95", "--to-version", "A08", "--full", "new.bin", "-o", "x",
                          code=code)

    def test_wrong_usage(self):
        good = ["--key", "maker.key", "--product", "M95", "--from-version", "A07", "--to-version", "A08", "-o", "out",
                "old.bin", "new.bin"]
        for i in range(0, 10, 2):   # each option left out in turn
            self.run_fota("diff", *good[:i], *good[i + 2:], code=USAGE)
        for more in (["--full"], ["third"], ["--slots", "3"], ["--scratch", "65"], ["--scratch", "0"], ["--sector", "x"],
                     ["--security-counter", "-1"], ["--security-counter", "4294967296"], ["--level", "9"], ["--nonsense"],
                     ["--device", "x", "--slots", "2"], ["--product"], ["-Z"], ["--product", 'a"b'],
                     ["--product", "x" * 32], ["--to-version", "\xe4"], ["--key", "a", "--key", "b", "--key", "c", "--key", "d"]):
            self.run_fota("diff", *good, *more, code=USAGE)
        self.run_fota("diff", "--key", "maker.key", "--product", "M95", "--to-version", "A08", "--full", "new.bin", "-o",
                      "out", "--allow-downgrade", code=USAGE)

    def test_what_does_not_fit_the_device_is_refused(self):
        self.assertIn("the slot has 36864", self.diff("--slot-bytes", "36000", code=SLOT_SPACE).stderr)
        self.put("noise.bin", random.Random(5).randbytes(40000))
        self.diff("--slot-bytes", "40000", new="noise.bin", code=OK, out="tight")
        profile = PROFILE_TEXT.replace("area staging  outer 0 0x60000", "area staging  outer 0 4K")
        self.put("small", profile)
        run = self.diff("--device", "small", new="noise.bin", code=STAGING)
        self.assertIn("the staging area has 4096", run.stderr)
        self.put("ram", PROFILE_TEXT.replace("decoder 16K", "decoder 2K"))
        self.diff("--device", "ram", code=RAM)

    def test_a_profile_that_cannot_work_is_refused_with_its_line(self):
        self.put("bad", PROFILE_TEXT.replace("area slot     inner 0 0x80000", "area slot     inner 1 0x80000"))
        run = self.diff("--device", "bad", code=PROFILE)
        self.assertIn("fota: bad at line 4: ", run.stderr)
        self.diff("--sector", "100", code=PROFILE)
        self.diff("--device", "nowhere", code=IO)

    def test_errors_as_json(self):
        run = self.diff("--json", new="old.bin", code=ALREADY)
        doc = json.loads(run.stdout)
        self.assertFalse(doc["ok"])
        self.assertEqual((doc["error"]["code"], doc["error"]["name"]), (ALREADY, "ALREADY"))
        self.assertEqual(doc["error"]["file"], "old.bin")

    def test_an_interrupted_diff_leaves_nothing(self):
        self.put("large.bin", firmware(400000, "A08", 9))
        for delay in (0.02, 0.1, 0.3):
            before = self.listing()
            process = subprocess.Popen([FOTA, "diff", "-q", "--key", "maker.key", "--product", "M95", "--from-version", "A07",
                                        "--to-version", "A08", "old.bin", "large.bin", "-o", "out"], cwd=self.dir)
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            if process.wait(60) != 0:
                self.assertEqual(self.listing(), before)
            (self.dir / "out").unlink(missing_ok=True)


class Info(Case):
    def test_every_part_is_counted_once(self):
        for name, data in (("delta.fota", self.package), ("full.fota", self.full)):
            doc = json.loads(self.run_fota("info", "--json", name).stdout)
            self.assertEqual(doc["bytes"], len(data))
            self.assertEqual(sum(doc["parts"].values()), len(data))
            self.assertEqual(doc["ratio_to_full_image"], len(data) / len(self.new))

    def test_it_shows_what_diff_was_told(self):
        self.diff("--security-counter", "7", "--allow-downgrade", "--scratch", "5")
        doc = json.loads(self.run_fota("info", "--json", "out.fota").stdout)
        self.assertEqual((doc["product"], doc["security_counter"], doc["downgrade"]), ("M95", 7, True))
        self.assertEqual((doc["full"], doc["two_slots"]), (False, False))
        self.assertEqual((doc["base"]["version"], doc["base"]["bytes"]), ("A07", len(self.old)))
        self.assertEqual((doc["new"]["version"], doc["new"]["bytes"]), ("A08", len(self.new)))
        self.assertEqual(doc["geometry"]["slot"], [{"sectors": SLOT // 4096, "bytes": 4096}])
        self.assertLessEqual(doc["needs"]["scratch_sectors"], 5)
        self.assertEqual(doc["needs"]["staging_bytes"], doc["bytes"])
        self.assertAlmostEqual(doc["seconds_at_115200"]["data_mode"], (doc["bytes"] + 3) * 10 / 115200)
        self.assertGreater(doc["seconds_at_115200"]["commands"], 2 * doc["bytes"] * 10 / 115200)
        text = self.run_fota("info", "out.fota").stdout
        for part in ("M95", "A07", "A08", "downgrade", doc["id"], doc["new"]["sha256"], doc["base"]["sha256"]):
            self.assertIn(part, text)

    def test_two_slots_and_full_images_stash_nothing(self):
        self.diff("--slots", "2", out="two")
        self.make(self.dir / "full2", "--slots", "2", full=True)
        for name, two_slots in (("two", True), ("full.fota", False), ("full2", True)):
            doc = json.loads(self.run_fota("info", "--json", name).stdout)
            self.assertEqual((doc["two_slots"], doc["work"]["scratch_erases"], doc["needs"]["scratch_sectors"]),
                             (two_slots, 0, 0))

    def test_a_device_profile_shows_whether_it_fits(self):
        self.put("mixed", PROFILE_TEXT)
        self.diff("--device", "mixed", out="p")
        doc = json.loads(self.run_fota("info", "--json", "--device", "mixed", "p").stdout)
        self.assertEqual(doc["device"], {"profile": "mixed", "fits": True})
        self.assertEqual(doc["geometry"]["slot"], [{"sectors": 4, "bytes": 16384}, {"sectors": 1, "bytes": 65536},
                                                   {"sectors": 3, "bytes": 131072}])
        doc = json.loads(self.run_fota("info", "--json", "p").stdout)
        self.assertIsNone(doc["geometry"]["slot"])
        doc = json.loads(self.run_fota("info", "--json", "--device", "mixed", "delta.fota").stdout)
        self.assertEqual((doc["device"]["fits"], doc["device"]["reason"]["code"]), (False, GEOMETRY))
        self.assertIn("another flash layout", self.run_fota("info", "--device", "mixed", "delta.fota").stdout)

    def test_what_is_no_package_is_refused(self):
        self.run_fota("info", "old.bin", code=FORMAT)
        self.run_fota("info", "nowhere", code=IO)
        self.run_fota("info", code=USAGE)
        self.run_fota("info", "a", "b", code=USAGE)

    def test_a_full_disk_behind_standard_output_is_noticed(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([FOTA, "info", "delta.fota"], cwd=self.dir, stdout=full, stderr=subprocess.PIPE, text=True,
                                 check=False)
        self.assertEqual(run.returncode, IO)
        self.assertIn("No space left", run.stderr)


class Verify(Case):
    def verify(self, name, *options, code=OK):
        return self.run_fota("verify", "--pub", "maker.pub", *options, name, code=code)

    def test_a_good_package_passes(self):
        self.assertIn("good: M95, A07 -> A08", self.verify("delta.fota").stdout)
        self.assertIn("applies to the base", self.verify("delta.fota", "--base", "old.bin").stdout)
        self.assertIn("full image -> A08", self.verify("full.fota").stdout)
        self.verify("delta.fota", "--product", "M95", "--pub", "other.pub")
        self.assertTrue(json.loads(self.verify("delta.fota", "--json").stdout)["ok"])

    def test_a_full_image_that_no_device_could_decode_is_refused(self):
        data = bytearray((self.dir / "full.fota").read_bytes())
        mask, head_bytes = data[5], struct.unpack_from("<H", data, 6)[0]
        data[134] ^= 0x40  # the codec
        self.put("head", bytes(data[:12]) + bytes(byte ^ mask for byte in data[12:head_bytes]))
        subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", "maker.key", "-rawin", "-in", "head", "-out",
                        "signature"], cwd=self.dir, check=True)
        signature = (self.dir / "signature").read_bytes()
        data[head_bytes + 6:head_bytes + 70] = bytes(byte ^ mask for byte in signature)
        self.put("odd.fota", bytes(data))
        self.verify("odd.fota", code=FEATURE)

    def test_wrong_key_product_and_base(self):
        self.run_fota("verify", "--pub", "other.pub", "delta.fota", code=UNKNOWN_KEY)
        self.verify("delta.fota", "--product", "M96", code=PRODUCT)
        self.put("wrong.bin", self.old[:-1] + b"x")
        self.verify("delta.fota", "--base", "wrong.bin", code=BASE)
        self.put("short.bin", self.old[:-1])
        self.verify("delta.fota", "--base", "short.bin", code=BASE)
        self.verify("delta.fota", "--base", "new.bin", code=ALREADY)
        self.verify("full.fota", "--base", "old.bin", code=USAGE)
        self.run_fota("verify", "--pub", "maker.key", "delta.fota", code=KEY)
        self.run_fota("verify", "delta.fota", code=USAGE)
        self.verify("delta.fota", "--base", "nowhere", code=IO)

    def test_a_profile_must_fit(self):
        self.put("mixed", PROFILE_TEXT)
        self.verify("delta.fota", "--device", "mixed", code=GEOMETRY)
        self.diff("--device", "mixed", out="p")
        self.verify("p", "--device", "mixed", "--base", "old.bin")

    def test_a_full_package_fits_one_slot_and_two(self):
        slots = "area slot nor 0 512K\narea slot2 nor 512K 512K\n"
        rest = "".join(f"area {name} nor {at}K {size}K\n" for name, at, size in (
            ("staging", 1024, 512), ("journal", 1536, 12), ("identity", 1552, 8), ("settings", 1560, 8)))
        self.put("two", "profile two\nflash nor sectors=512x4096\n" + slots + rest)
        self.verify("full.fota", "--device", "two")
        self.verify("delta.fota", "--device", "two", code=GEOMETRY)

    def test_files_that_are_no_whole_package(self):
        for n in (1, 3, 4, 11, 12, 100, 147, 148, 200, 300, len(self.package) - 1):
            self.put("p", self.package[:n])
            self.verify("p", code=TRUNCATED)
        self.put("p", b"")
        self.verify("p", code=FORMAT)
        self.put("p", self.package + b"\n")
        self.assertIn(f"at offset {len(self.package)}", self.verify("p", code=OVERLONG).stderr)
        for name in ("old.bin", "maker.pub"):
            self.verify(name, code=FORMAT)

    def test_no_flipped_bit_anywhere_goes_unnoticed(self):
        self.put("a.bin", b"a" * 40)
        self.put("b.bin", b"a" * 20 + b"b" * 20)
        self.run_fota("diff", "-q", "--key", "maker.key", "--product", "P", "--from-version", "A", "--to-version", "B",
                      "a.bin", "b.bin", "-o", "small")
        small = bytearray(self.get("small"))
        self.verify("small", "--base", "a.bin")
        codes = {}
        for bit in range(0, len(small) * 8, STRIDE):
            small[bit // 8] ^= 1 << bit % 8
            (self.dir / "flipped").write_bytes(small)
            run = subprocess.run([FOTA, "verify", "-q", "--pub", "maker.pub", "flipped"], cwd=self.dir, capture_output=True,
                                 check=False)
            self.assertTrue(2 < run.returncode < 60, f"bit {bit}: exit code {run.returncode}")
            codes[run.returncode] = codes.get(run.returncode, 0) + 1
            small[bit // 8] ^= 1 << bit % 8
        for code in (FORMAT, SIGNATURE, UNKNOWN_KEY, BODY_HASH):
            self.assertIn(code, codes)

    def test_each_key_of_several_verifies(self):
        self.diff("--key", "other.key", out="two")
        for name in ("maker", "other"):
            self.run_fota("verify", "--pub", f"{name}.pub", "two")
        self.run_fota("keygen", "-q", "third")
        self.run_fota("verify", "--pub", "third.pub", "two", code=UNKNOWN_KEY)


class Apply(Case):
    def apply(self, package, *old, code=OK, out="out.bin", options=()):
        return self.run_fota("apply", "--pub", "maker.pub", package, *old, "-o", out, *options, code=code)

    def test_old_and_package_give_new(self):
        self.apply("delta.fota", "old.bin")
        self.assertEqual(self.get("out.bin"), self.new)

    def test_a_full_package_gives_new(self):
        self.apply("full.fota")
        self.assertEqual(self.get("out.bin"), self.new)
        self.apply("full.fota", "old.bin", out="x", code=USAGE)
        self.apply("delta.fota", out="x", code=USAGE)

    def test_every_layout_gives_new(self):
        self.put("mixed", PROFILE_TEXT)
        for i, options in enumerate((["--slots", "2"], ["--scratch", "1"], ["--scratch", "64"],
                                     ["--sector", "512", "--slot-bytes", "64K"], ["--sector", "64K", "--scratch", "1"],
                                     ["--sector", "128K", "--scratch", "2"])):
            self.diff(*options, out=f"p{i}")
            self.apply(f"p{i}", "old.bin", out=f"o{i}")
            self.assertEqual(self.get(f"o{i}"), self.new)
        self.diff("--device", "mixed", out="p")
        self.apply("p", "old.bin", out="x", code=GEOMETRY)
        self.apply("p", "old.bin", options=["--device", "mixed"])
        self.assertEqual(self.get("out.bin"), self.new)

    def test_images_of_any_size_and_kind(self):
        images = {"one": b"x", "page": b"y" * 256, "sector": self.old[:4096], "more": self.old[:4097], "long": self.new,
                  "noise": random.Random(3).randbytes(30000), "zeros": bytes(20000), "blank": b"\xff" * 20000}
        for name, data in images.items():
            self.put(name, data)
        names = list(images)
        for i, old in enumerate(names):
            new = names[(i + 3) % len(names)]
            for options in ([], ["--slots", "2"]):
                self.diff("-q", "-f", *options, old=old, new=new, out="p")
                self.apply("p", old, options=["-q", "-f"])
                self.assertEqual(self.get("out.bin"), images[new], f"{old} to {new} {options}")

    def test_the_device_refuses_what_it_should(self):
        self.put("wrong.bin", self.old[:-1] + b"x")
        self.apply("delta.fota", "wrong.bin", code=BASE)
        self.assertIn("new.bin", self.apply("delta.fota", "new.bin", code=ALREADY).stderr)
        self.run_fota("apply", "--pub", "other.pub", "delta.fota", "old.bin", "-o", "x", code=UNKNOWN_KEY)
        bad = bytearray(self.package)
        bad[-1] ^= 1
        self.put("bad", bytes(bad))
        self.apply("bad", "old.bin", code=BODY_HASH)
        bad = bytearray(self.package)
        bad[170] ^= 1
        self.put("bad2", bytes(bad))
        self.apply("bad2", "old.bin", code=SIGNATURE)

    def test_files_are_treated_with_care(self):
        self.put("out.bin", "precious")
        self.apply("delta.fota", "old.bin", code=EXISTS)
        self.apply("delta.fota", "old.bin", options=["-f"])
        self.assertEqual(self.get("out.bin"), self.new)
        self.apply("delta.fota", "old.bin", out="/dev/full", code=IO)
        self.apply("delta.fota", "nowhere", out="x", code=IO)
        self.apply("nowhere", "old.bin", out="x", code=IO)
        self.run_fota("apply", "--pub", "maker.pub", "delta.fota", "old.bin", code=USAGE)
        doc = json.loads(self.apply("delta.fota", "old.bin", out="y", options=["--json"]).stdout)
        self.assertEqual((doc["file"], doc["bytes"], doc["version"]), ("y", len(self.new), "A08"))

    def test_hex_and_elf_serve_as_old_images(self):
        self.put("old.hex", intel_hex(self.old))
        self.put("old.elf", elf(self.old))
        for old in ("old.hex", "old.elf"):
            self.apply("delta.fota", old, out=old + ".new")
            self.assertEqual(self.get(old + ".new"), self.new)


class Help(Case):
    def test_every_verb_has_help_with_an_example(self):
        overview = self.run_fota("--help").stdout
        verbs = [line.split()[0] for line in overview.splitlines() if line.startswith("  ") and not line.startswith("  -")
                 and not line.startswith("   ")]
        self.assertLessEqual({"keygen", "diff", "info", "verify", "apply", "help"}, set(verbs))
        for verb in verbs:
            text = self.run_fota(verb, "--help").stdout
            self.assertIn(f"usage: fota {verb}", text)
            self.assertRegex(text, "examples?:")
            self.assertEqual(self.run_fota("help", verb).stdout, text)
            for line in text.splitlines():
                self.assertLessEqual(len(line), 120, line)

    def test_the_table_of_errors(self):
        text = self.run_fota("help", "errors").stdout
        self.assertIn("ALREADY", text)
        rows = json.loads(self.run_fota("help", "errors", "--json").stdout)
        self.assertEqual(len({row["code"] for row in rows}), len(rows))
        self.assertTrue(all(1 <= row["code"] <= 125 for row in rows))

    def test_doc_errors_md_is_not_stale(self):
        self.assertEqual(self.run_fota("help", "errors", "--markdown").stdout, (SOURCE / "doc" / "errors.md").read_text(),
                         "build/fota help errors --markdown > doc/errors.md")

    def test_help_that_cannot_be_written_fails(self):
        for args in (["--help"], ["diff", "--help"], ["help", "diff"], ["help", "errors"]):
            with open("/dev/full", "wb") as full:
                run = subprocess.run([FOTA, *args], stdout=full, stderr=subprocess.PIPE, check=False)
            self.assertEqual(run.returncode, IO, args)
            self.assertIn(b"standard output", run.stderr)

    def test_an_address_to_serve_at_has_a_port(self):
        for address in ("foo", "1:2:3", "127.0.0.1:65536", "127.0.0.1:x"):
            self.assertIn("HOST:PORT", self.run_fota("serve", "--tcp", address, ".", code=USAGE).stderr)

    def test_version_and_wrong_verbs(self):
        self.assertRegex(self.run_fota("--version").stdout, r"^fota \d+\.\d+\.\d+\n$")
        self.run_fota("nonsense", code=USAGE)
        run = subprocess.run([FOTA], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, USAGE)
        self.run_fota("help", "nonsense", code=USAGE)
        self.run_fota("help", "errors", "more", code=USAGE)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
