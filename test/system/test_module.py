#!/usr/bin/env python3
"""The virtual module as a program: what it links, its options, its files and its line."""
import os
import pathlib
import resource
import socket
import subprocess
import time
import unittest

import fotatest
from fotatest import BUILD, CODE, FOTA, NEW, OLD, ModuleTest, code, fota, workshop


def symbols(path, *options):
    done = subprocess.run(["nm", *options, str(path)], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, check=True)
    return {line.split()[-1] for line in done.stdout.splitlines() if len(line.split()) == 3}


class Link(unittest.TestCase):
    def test_module_links_the_device_s_code_and_nothing_of_the_workstation_s(self):
        linked = symbols(BUILD / "fota-module")
        for name in ("fota_boot_poll", "fota_app_poll", "fota_updater_poll", "fota_delta_read",
                     "fota_sign_verify"):
            self.assertIn(name, linked)
        libraries = sorted((BUILD / "host").glob("lib*.a"))
        self.assertTrue(libraries)
        for library in libraries:
            names = {name for name in symbols(library, "--defined-only", "--extern-only")
                     if name.startswith("fota_")}
            self.assertTrue(names)
            self.assertEqual(linked & names, set(), library.name)

    def test_module_links_no_workstation_s_library(self):
        """libcurl, and what it is built on, is the module's network."""
        done = subprocess.run(["ldd", str(BUILD / "fota-module")], stdout=subprocess.PIPE,
                              text=True, check=True)
        for name in ("divsufsort", "jansson", "elf", "sodium"):
            self.assertNotIn(name, done.stdout)


class Provisioning(ModuleTest):
    def module_fails(self, error, *arguments, flash="x.flash"):
        done = fota("module", "--flash", self.directory / flash, "--tty",
                    self.directory / "tty", *arguments, status=code(error))
        self.assertIn("remedy: " if error != "USAGE" else "--help", done.stderr)
        self.assertFalse((self.directory / "tty").is_symlink())
        return done.stderr

    def new(self, *more, image="old.bin"):
        return ("--init", workshop() / image, "--version", OLD, "--product", "M95", "--pub",
                workshop() / "maker.pub", *more)

    def test_existing_flash_file_is_replaced_only_with_f(self):
        self.make().stop()
        before = self.module.flash.read_bytes()
        self.module_fails("EXISTS", *self.new(), flash="m95.flash")
        self.assertEqual(self.module.flash.read_bytes(), before)

    def test_bad_input(self):
        empty = self.directory / "empty.bin"
        empty.write_bytes(b"")
        large = self.directory / "large.bin"
        large.write_bytes(b"x" * 524289)
        profile = self.directory / "bad.profile"
        profile.write_text("profile x\nflash f sectors=4x4096\narea slot f 0 5000\n")
        for error, arguments in (
                ("IO", ()),
                ("IMAGE", self.new("--init", empty)),
                ("IO", self.new("--init", self.directory / "missing")),
                ("SLOT_SPACE", self.new("--init", large)),
                ("KEY", self.new("--pub", workshop() / "maker.key")),
                ("IO", self.new("--pub", self.directory / "missing")),
                ("PROFILE", self.new("--device", profile)),
                ("IO", self.new("--device", self.directory / "missing")),
                ("PROFILE", self.new("--scratch", "0")),
                ("USAGE", self.new("--version", "x" * 32)),
                ("USAGE", self.new("--version", 'a"b')),
                ("USAGE", self.new("--slots", "3")),
                ("USAGE", self.new("--nonsense")),
                ("USAGE", self.new("--power-cut-after", "0")),
                ("USAGE", self.new("--power-cut-after", "5:inside")),
                ("USAGE", ("--version", OLD)),
        ):
            with self.subTest(error=error, arguments=arguments):
                self.module_fails(error, *arguments)
                self.assertEqual(list(self.directory.glob("*.flash*")), [])

    def test_flash_file_that_is_none(self):
        for data in (b"", b"x" * 100_000):
            (self.directory / "x.flash").write_bytes(data)
            self.assertIn("x.flash", self.module_fails("IO"))

    def test_one_module_for_one_flash_file(self):
        self.make()
        self.assertIn("in use", self.module_fails("IO", flash="m95.flash"))
        self.assertIn("in use", self.module_fails("IO", *self.new("-f"), flash="m95.flash"))
        self.assert_version(OLD)

    def test_full_disk_leaves_nothing_half_written(self):
        self.make().stop()
        before = self.module.flash.read_bytes()
        done = fota("module", "--flash", self.module.flash, "--tty", self.module.link,
                    *self.new("-f"), status=code("IO"), restore_signals=False,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                          (300_000, 300_000)))
        self.assertIn(CODE["IO"][2], done.stderr)
        self.assertEqual(self.module.flash.read_bytes(), before)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["m95.flash"])

    def test_after_provisioning_only_the_flash_file_is_needed(self):
        module = self.make()
        module.stop()
        moved = self.directory / "elsewhere"
        moved.mkdir()
        module.flash.rename(moved / "m95.flash")
        self.start(flash="elsewhere/m95.flash")
        self.assert_version(OLD)

    def test_hex_and_elf_images(self):
        shop = workshop()
        hex_file = self.directory / "old.hex"
        subprocess.run(["objcopy", "-I", "binary", "-O", "ihex", str(shop / "old.bin"),
                        str(hex_file)], check=True)
        for option in (["--init", hex_file], [f"--init={hex_file}"], ["--ini", hex_file]):
            with self.subTest(option[0]):
                self.start(*option, "--version", OLD, "--product", "M95", "--pub",
                           shop / "maker.pub", "-f")
                self.send(fotatest.update_package())
                self.assert_version(NEW)

    def test_sizes_are_given_as_to_diff(self):
        self.make("--slot-bytes", "128K", "--sector", "04096")
        self.send(fotatest.package("128k", "--slot-bytes", "128K", "--sector", "04096"))
        self.assert_version(NEW)

    def test_an_interrupted_provisioning_leaves_nothing_half_written(self):
        flash = self.directory / "m95.flash"
        process = subprocess.Popen([fotatest.FOTA, "module", "--flash", flash, "--tty",
                                    self.directory / "tty", *self.new("--slot-bytes", "16777216")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not list(self.directory.iterdir()):
            time.sleep(0.001)
        process.terminate()
        process.wait(60)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["m95.flash"])
        self.start()
        self.assert_version(OLD)

    def test_profile_files(self):
        profiles = sorted((fotatest.ROOT / "device").glob("*.profile"))
        self.assertGreaterEqual(len(profiles), 3)
        for path in profiles:
            with self.subTest(path.name):
                update = fotatest.package("for-" + path.stem, "--device", path,
                                          base="small-old.bin", image="small-new.bin")
                full = fotatest.package("full-for-" + path.stem, "--device", path, base=None,
                                        image="small-old.bin", to_version="M95FAR02A09")
                self.make("--device", path, image="small-old.bin")
                self.send(update)
                self.assert_version(NEW)
                self.send(full)
                self.assert_version("M95FAR02A09")

    def test_two_slots_by_option(self):
        options = ("--slots", "2")
        update = fotatest.package("two-slots", *options)
        back = fotatest.package("two-slots-back", *options, base="new.bin", image="old.bin",
                                from_version=NEW, to_version="M95FAR02A09")
        self.make(*options)
        self.send(update)
        self.assert_version(NEW)
        self.send(back)
        self.assert_version("M95FAR02A09")


class LineTest(ModuleTest):
    def test_link_is_made_replaced_and_removed(self):
        self.make()
        link = pathlib.Path(self.module.link)
        first = os.readlink(link)
        self.module.kill()
        self.assertTrue(link.is_symlink())  # stale
        self.start()
        self.assertTrue(os.readlink(link).startswith("/dev/"))
        self.assertEqual(self.module.process.poll(), None)
        self.module.stop()
        self.assertFalse(link.is_symlink())
        self.assertEqual(self.module.process.returncode, 0)
        self.assertTrue(first)

    def test_a_file_is_not_replaced_by_the_link(self):
        self.make().stop()
        pathlib.Path(self.module.link).write_text("precious")
        done = fota("module", "--flash", self.module.flash, "--tty", self.module.link,
                    status=code("EXISTS"))
        self.assertIn(CODE["EXISTS"][2], done.stderr)
        self.assertEqual(pathlib.Path(self.module.link).read_text(), "precious")

    def test_clients_come_and_go(self):
        self.make()
        for _ in range(5):
            self.assert_version(OLD)
        self.start(tty=False)
        host, port = self.module.place.rsplit(":", 1)
        for _ in range(5):
            with socket.create_connection((host, int(port)), 10) as line:
                line.sendall(b"ATI\r")
                answer = b""
                while b"\r\nOK\r\n" not in answer:
                    answer += line.recv(1000)
                self.assertIn(OLD.encode(), answer)

    def test_one_client_at_a_time_by_tcp(self):
        self.make(tty=False)
        host, port = self.module.place.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 10) as first:
            first.sendall(b"AT\r")
            self.assertTrue(first.recv(100))
            with socket.create_connection((host, int(port)), 10) as second:
                second.sendall(b"ATI\r")
                second.settimeout(0.5)
                self.assertRaises(socket.timeout, second.recv, 100)
                first.close()
                second.settimeout(10)
                self.assertTrue(second.recv(100))

    def test_it_sleeps_while_it_has_nothing_to_do(self):
        self.make()
        self.assert_version(OLD)
        ticks = []
        for _ in range(2):
            stat = pathlib.Path(f"/proc/{self.module.process.pid}/stat").read_text()
            ticks.append(sum(map(int, stat.rsplit(")", 1)[1].split()[11:13])))
            time.sleep(1)
        self.assertLessEqual(ticks[1] - ticks[0], 5)  # of 100 in a second

    def test_nobody_listens_while_it_updates(self):
        self.make()
        line = self.client()
        fotatest.send_data(line, fotatest.update_package().read_bytes())
        line.read_until(rb"Finish data", 60)
        line.close()
        time.sleep(1)
        for _ in range(60 * fotatest.SLOW):
            time.sleep(0.5)
            line = self.client()
            try:
                if line.command("AT", 1) == ["OK"]:
                    break
            except AssertionError:
                pass
            line.close()
        self.assert_version(NEW)


if __name__ == "__main__":
    fotatest.main()
