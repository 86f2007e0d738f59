#!/usr/bin/env python3
"""The line with a rate: bytes are lost where a real UART loses them, and nowhere else."""
import json
import os
import re
import time
import unittest

import serial

import fotatest
from fotatest import CODE, NEW, OLD, ModuleTest, code, fota, package, send_data

SMALL = ("--slot-bytes", "64K")
WORST = ("--flash-timing", "1,3000")  # programs as slow as the flash's worst, erases short


def small():
    """A package of a few pages."""
    return package("line", *SMALL, base="tiny-old.bin", image="tiny-new.bin")


def read_to_silence(line):
    """What comes until nothing has come for a second."""
    seen = b""
    while True:
        more = line.read_quiet(1.0)
        seen += more
        if not more:
            return seen


class LineCase(ModuleTest):
    def make_small(self, *arguments, **more):
        return self.make(*SMALL, *arguments, image="tiny-old.bin", **more)

    def lost(self):
        """Bytes received and lost until now: ends the module."""
        errors = self.module.stop()
        received, lost = map(int, re.search(r"(\d+) bytes received, (\d+) lost", errors).groups())
        return received, lost

    def port(self, **options):
        place = options.pop("place", self.module.link)
        port = serial.serial_for_url(place, options.pop("baudrate", 115200), timeout=0.1, **options)
        client = fotatest.Client.__new__(fotatest.Client)
        client.port, client.seen = port, b""
        self.addCleanup(port.close)
        client.read_quiet(0.1)  # RDY
        return client


class Loss(LineCase):
    def test_a_host_that_ignores_rts_loses_bytes_and_the_package_is_refused(self):
        for options, rts in ((("--flow", "none"), True), ((), False)):
            with self.subTest(options=options, rtscts=rts):
                self.make_small("--baud", "115200", "--rx-ring", "32", *WORST, *options)
                line = self.port(rtscts=rts)
                send_data(line, small().read_bytes())
                answer = line.read_until(rb"\+CME ERROR: [^\r]*\r\n")
                self.assertIn(b"status=%d" % code("TRUNCATED"), answer)
                self.assertEqual(line.version(), OLD)
                self.assertGreater(self.lost()[1], 0)

    def test_send_names_flow_control_as_the_remedy(self):
        self.make_small("--baud", "115200", "--rx-ring", "32", "--flow", "none", *WORST)
        done = self.send(small(), "--mode", "qfua", status=code("REFUSED"))
        self.assertIn("enable hardware flow control", done.stderr)
        self.assert_version(OLD)
        self.assertGreater(self.lost()[1], 0)

    def test_send_goes_on_by_commands_when_data_mode_loses_bytes(self):
        self.make_small("--baud", "115200", "--rx-ring", "32", "--flow", "none", *WORST)
        told = json.loads(self.send(small(), "--json").stdout)
        self.assertEqual((told["mode"], told["version_after"]), ("QFAW", NEW))
        self.assertGreater(self.lost()[1], 0)

    def test_with_rts_and_cts_no_byte_is_lost(self):
        for baud, ring, threshold, latency, timing in (
                (115200, 32, 16, 16, WORST), (115200, 17, 1, 16, WORST),
                (460800, 64, 32, 16, WORST), (921600, 128, 64, 64, WORST),
                (921600, 1024, 512, 512, ("--flash-timing", "0,700"))):
            with self.subTest(baud=baud, ring=ring, threshold=threshold, latency=latency):
                self.make_small("--baud", baud, "--rx-ring", ring,
                          "--rts-threshold", threshold, "--rts-latency", latency, *timing)
                told = json.loads(self.send(small(), "--mode", "qfua", "--baud", str(baud),
                                            "--json").stdout)
                self.assertEqual((told["mode"], told["version_after"]), ("QFUA", NEW))
                received, lost = self.lost()
                self.assertEqual(lost, 0)
                self.assertLess(received, small().stat().st_size + 200)  # sent once

    def test_a_latency_beyond_the_ring_s_reserve_loses_bytes_in_spite_of_rts(self):
        self.make_small("--baud", "115200", "--rx-ring", "32", "--rts-threshold", "24",
                        "--rts-latency", "16", *WORST)
        line = self.port(rtscts=True)
        send_data(line, small().read_bytes())
        line.read_until(rb"status=%d\r\n\r\n\+CME ERROR: [^\r]*\r\n" % code("TRUNCATED"))
        self.assertGreater(self.lost()[1], 0)

    def test_commands_typed_ahead_are_lost_without_flow_control_on_the_module(self):
        for ifc, all_come in (("2,2", True), ("0,0", False), ("2,0", False), ("0,2", True)):
            with self.subTest(ifc):
                self.make_small("--baud", "115200", "--rx-ring", "64", "--flash-timing", "2,200")
                line = self.port(rtscts=True)
                self.assertEqual(line.command("ATE0+IFC=" + ifc)[-1], "OK")
                line.write(b"AT+QFAI\r" + b"AT\r" * 200)
                seen = read_to_silence(line)
                self.assertEqual(seen.count(b"\r\nOK\r\n") == 201, all_come, seen[-100:])
                self.assertEqual(self.lost()[1] == 0, all_come)

    def test_data_mode_is_refused_without_flow_control_on_the_module_and_commands_do(self):
        self.make_small("--baud", "115200", "--rx-ring", "32", *WORST)
        line = self.port(rtscts=True)
        self.assertEqual(line.command("AT+IFC=0,0"), ["OK"])
        self.assertIn(CODE["FLOW_CONTROL"][2], line.command("AT+QFUA")[-1])
        line.port.close()
        told = json.loads(self.send(small(), "--json").stdout)
        self.assertEqual((told["mode"], told["version_after"]), ("QFAW", NEW))
        self.assertEqual(self.lost()[1], 0)


class Rate(LineCase):
    def test_bytes_take_ten_bits_in_both_directions(self):
        self.make("--baud", "9600")
        line = self.port(baudrate=9600, rtscts=True)
        line.command("ATE0")
        for text, n in (("ATI", 60), ("AT" + " " * 240, 240)):
            begin = time.monotonic()
            line.command(text)
            self.assertGreater(time.monotonic() - begin, n * 10 / 9600)
            self.assertLess(time.monotonic() - begin, n * 10 / 9600 + 0.2 * fotatest.SLOW)

    def test_at_ipr_is_in_force_behind_its_result_code(self):
        self.make("--baud", "115200")
        line = self.port(rtscts=True)
        self.assertEqual(line.command("AT+IPR?")[0], "+IPR: 115200")
        self.assertEqual(line.command("AT+IPR=460800"), ["OK"])
        line.write(b"AT\r")
        self.assertNotIn(b"OK", line.read_quiet(0.3))
        line.port.baudrate = 460800
        line.write(b"\r")
        line.read_quiet(0.2)
        self.assertEqual(line.command("AT&W"), ["OK"])
        line.write(b"AT+CFUN=1,1\r")
        line.read_until(rb"RDY\r\n")
        self.assertEqual(line.version(), OLD)
        self.assertEqual(line.command("AT&F"), ["OK"])  # the factory's rate
        line.port.baudrate = 115200
        self.assertEqual(line.version(), OLD)


class Rfc2217(LineCase):
    """python3-serial's client; the module's side holds what RTS stops."""

    def open(self, *more, **options):
        self.make_small("--baud", "115200", "--rx-ring", "32", *WORST, *more, line="--rfc2217")
        return self.port(place="rfc2217://" + self.module.place, **options)

    def test_with_rts_and_cts_no_byte_is_lost(self):
        line = self.open(rtscts=True)
        send_data(line, small().read_bytes())
        line.read_until(rb"Rebooting[^R]*RDY\r\n", 60)
        self.assertEqual(line.version(), NEW)
        self.assertEqual(self.lost()[1], 0)

    def test_the_module_s_rts_is_the_client_s_cts(self):
        line = self.open("--flash-timing", "30,700", rtscts=True)
        line.command("ATE0")
        self.assertTrue(line.port.cts)
        line.write(b"AT+QFAI\r" + b"AT\r" * 100)  # while staging is erased
        time.sleep(0.3)
        self.assertFalse(line.port.cts)
        seen = read_to_silence(line)
        self.assertEqual(seen.count(b"\r\nOK\r\n"), 101)
        self.assertTrue(line.port.cts)
        self.assertEqual(self.lost()[1], 0)

    def test_without_it_bytes_are_lost_and_the_package_is_refused(self):
        line = self.open(rtscts=False)
        send_data(line, small().read_bytes())
        line.read_until(rb"status=%d\r\n\r\n\+CME ERROR: [^\r]*\r\n" % code("TRUNCATED"))
        self.assertEqual(line.version(), OLD)
        self.assertGreater(self.lost()[1], 0)

    def test_the_host_s_rts_holds_the_module_s_output_unless_it_ignores_it(self):
        line = self.open()
        self.assertEqual(line.command("ATE0"), ["OK"])
        line.port.rts = False
        line.write(b"AT\r")
        self.assertEqual(line.read_quiet(0.5), b"")
        line.port.rts = True
        line.read_until(rb"\r\nOK\r\n", 5)
        self.assertEqual(line.command("AT+IFC=0,2"), ["OK"])
        line.port.rts = False
        self.assertEqual(line.command("AT"), ["OK"])

    def test_another_rate_is_garbage(self):
        line = self.open(baudrate=9600)
        line.write(b"AT\r")
        self.assertNotIn(b"OK", line.read_quiet(0.5))
        line.port.baudrate = 115200
        line.write(b"\r")
        line.read_quiet(0.2)
        self.assertEqual(line.version(), OLD)


class Efficiency(LineCase):
    """Bytes of the package for each byte that the host sends, and the time the line needs."""

    def test_of_both_modes(self):
        update = package("line-larger", "--slot-bytes", "128K")
        timing = os.environ.get("FOTA_FLASH_TIMING", "0,700")
        rows = []
        for baud in (115200, 460800):
            for mode, least in (("qfua", 0.95), ("qfaw", 0.47)):
                self.make("--slot-bytes", "128K", "--baud", baud, "--flash-timing", timing)
                told = json.loads(self.send(update, "--mode", mode, "--baud", str(baud),
                                            "--json").stdout)
                received, lost = self.lost()
                self.assertEqual((told["line_bytes"], lost), (received, 0))
                self.assertAlmostEqual(told["efficiency"],
                                       told["package_bytes"] / told["line_bytes"], 6)
                self.assertGreaterEqual(told["efficiency"], least)
                bits = told["line_bytes"] * 10 / baud
                self.assertGreater(told["brought_seconds"], bits * 0.99)
                self.assertLess(told["brought_seconds"], (bits * 1.4 + 4) * fotatest.SLOW)
                rows.append((mode, baud, told["package_bytes"], told["line_bytes"],
                             told["efficiency"], bits, told["brought_seconds"],
                             told["seconds"]))
        print("\n| mode | baud | package | on the line | efficiency | bits of it, s | brought, s | "
              "updated, s |\n|---|--:|--:|--:|--:|--:|--:|--:|")
        for row in rows:
            print("| %s | %d | %d | %d | %.3f | %.2f | %.2f | %.2f |" % row)


class Options(ModuleTest):
    def test_options_that_cannot_work(self):
        for arguments in (("--baud", "115201"), ("--rx-ring", "32"), ("--flow", "none"),
                          ("--baud", "115200", "--flow", "xon"),
                          ("--baud", "115200", "--rx-ring", "0"),
                          ("--baud", "115200", "--rx-ring", "65537"),
                          ("--baud", "115200", "--rx-ring", "32", "--rts-threshold", "33"),
                          ("--flash-timing", "slow"), ("--flash-timing", "1"),
                          ("--flash-timing", "1,"), ("--flash-timing", "60001,1"),
                          ("--listen", "127.0.0.1:0"), ("--rfc2217", "127.0.0.1:0")):
            with self.subTest(arguments):
                done = fota("module", "--flash", self.directory / "x", "--tty",
                            self.directory / "tty", *arguments, status=code("USAGE"))
                self.assertIn("see fota module --help", done.stderr)


if __name__ == "__main__":
    fotatest.main()
