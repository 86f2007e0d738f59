#!/usr/bin/env python3
"""What the module refuses: with which code, in both modes; its firmware stays, and it stays alive."""
import random
import unittest

import fotatest
from fotatest import CODE, NEW, OLD, ModuleTest, send_commands, send_data


def package(name, *options, **more):
    return fotatest.package("tiny-" + name, *options,
                            **{"base": "tiny-old.bin", "image": "tiny-new.bin", **more})


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]


def junk():
    return random.Random(5).randbytes(5000).replace(b"+", b"-")


def good():
    return package("update").read_bytes()


def too_large():
    data = bytearray(good())
    data[8:12] = (0x100000).to_bytes(4, "little")
    return bytes(data)


# name: data, error, whether the transfer ends by +++ at once
CASES = {
    "junk": (junk, "FORMAT", False),
    "nothing": (lambda: b"", "EMPTY", False),
    "three bytes of a package": (lambda: good()[:3], "TRUNCATED", False),
    "three other bytes": (lambda: b"abc", "FORMAT", False),
    "one byte missing": (lambda: good()[:-1], "TRUNCATED", False),
    "half of it": (lambda: good()[:len(good()) // 2], "TRUNCATED", False),
    "one byte more": (lambda: good() + b"x", "OVERLONG", False),
    "twice": (lambda: good() * 2, "OVERLONG", False),
    "too large for staging": (too_large, "STAGING_SPACE", False),
    "bit of the magic": (lambda: flip(good(), 0), "FORMAT", False),
    "bit of the format version": (lambda: flip(good(), 4), "VERSION", False),
    "bit of the security counter": (lambda: flip(good(), 16), "SIGNATURE", True),
    "bit of the new hash": (lambda: flip(good(), 70), "SIGNATURE", True),
    "bit of the body": (lambda: flip(good(), len(good()) - 50), "BODY_HASH", True),
    "last bit": (lambda: flip(good(), len(good()) - 1), "BODY_HASH", True),
    "other product": (lambda: package("product", product="M96").read_bytes(), "PRODUCT", True),
    "other key": (lambda: package("key", key="other.key").read_bytes(), "UNKNOWN_KEY", True),
    "other base": (lambda: package("base", base="other.bin").read_bytes(), "BASE", True),
    "already there": (lambda: package("already", base="tiny-new.bin", image="tiny-old.bin",
                                      from_version=NEW, to_version=OLD).read_bytes(),
                      "ALREADY", True),
    "full, already there": (lambda: package("already-full", base=None, image="tiny-old.bin",
                                            to_version=OLD).read_bytes(), "ALREADY", True),
    "other geometry": (lambda: package("geometry", "--sector", "8192").read_bytes(), "GEOMETRY",
                       True),
}


class Refusals(ModuleTest):
    def setUp(self):
        super().setUp()
        self.make(image="tiny-old.bin")
        self.line = self.client()

    def assert_refused(self, name, answer):
        code, _, text = CODE[name]
        lines = [line for line in answer.decode("ascii").split("\r\n") if line]
        self.assertEqual(lines[-2:], [f" Quectel firmware update failed. status={code}",
                                      f"+CME ERROR: {text}"])
        self.assertNotIn(b"Finish", answer)
        self.assertTrue(self.module.alive)
        self.assertEqual(self.line.version(), OLD)

    def test_data_mode(self):
        for name, (data, error, at_once) in CASES.items():
            with self.subTest(name):
                send_data(self.line, data())
                seconds = 0.8 if at_once else 5
                self.assert_refused(error, self.line.read_until(rb"\+CME ERROR[^\r]*\r\n",
                                                                seconds))

    def test_commands(self):
        for name, (data, error, _) in CASES.items():
            with self.subTest(name):
                said = send_commands(self.line, data())
                if said is not None:
                    self.assertEqual(said, f"+CME ERROR: {CODE[error][2]}")
                self.line.write(b"AT+QFAU\r")
                self.assert_refused(error, self.line.read_until(rb"\+CME ERROR[^\r]*\r\n"))

    def test_lower_security_counter(self):
        self.make("--security-counter", "5", image="tiny-old.bin")
        self.line = self.client()
        data = package("counter4", "--security-counter", "4").read_bytes()
        send_data(self.line, data)
        self.assert_refused("COUNTER", self.line.read_until(rb"\+CME ERROR[^\r]*\r\n"))
        data = package("counter5", "--security-counter", "5").read_bytes()
        send_data(self.line, data)
        self.line.read_until(rb"\r\nRDY\r\n", 60)
        self.assertEqual(self.line.version(), NEW)

    def test_refusal_as_number_and_bare(self):
        self.assertEqual(self.line.command("AT+CMEE=1"), ["OK"])
        self.assertIsNone(send_commands(self.line, good()[:-1]))
        answer = self.line.command("AT+QFAU")
        self.assertEqual(answer, [" Quectel firmware update failed. status=11",
                                  "+CME ERROR: 611"])
        self.assertEqual(self.line.command("AT+CMEE=0"), ["OK"])
        self.assertIsNone(send_commands(self.line, good()[:-1]))
        answer = self.line.command("AT+QFAU")
        self.assertEqual(answer, [" Quectel firmware update failed. status=11", "ERROR"])

    def test_data_mode_without_flow_control(self):
        self.assertEqual(self.line.command("AT+IFC=0,0"), ["OK"])
        self.assertEqual(self.line.command("AT+QFUA"),
                         [f"+CME ERROR: {CODE['FLOW_CONTROL'][2]}"])
        self.assertEqual(self.line.command("AT+IFC=2,2"), ["OK"])
        self.assertEqual(self.line.command("AT+QFUA")[-1], "CONNECT")

    def test_commands_out_of_order(self):
        for command in ('AT+QFAW="00"', "AT+QFAU"):
            self.assertEqual(self.line.command(command),
                             [f"+CME ERROR: {CODE['NO_TRANSFER'][2]}"])
        self.assertEqual(self.line.command("AT+QFUA=4096"),
                         [f"+CME ERROR: {CODE['OFFSET'][2]}"])

    def test_bad_chunks_are_not_stored(self):
        data = good()
        self.assertEqual(self.line.command("AT+QFAI"), ["OK"])
        for off in range(0, len(data), 450):
            chunk = data[off:off + 450].hex()
            if off < 1000:
                for bad, error in ((chunk[:-1], "HEX"), (chunk[:-1] + "g", "HEX"),
                                   (chunk + "00" * 451, "CHUNK"), ("", "HEX")):
                    self.assertEqual(self.line.command(f'AT+QFAW="{bad}"')[-1],
                                     f"+CME ERROR: {CODE[error][2]}")
            self.assertEqual(self.line.command(f'AT+QFAW="{chunk}"'), ["OK"])
        self.line.write(b"AT+QFAU\r")
        self.line.read_until(rb"success. status=0\r\n", 60)
        self.line.read_until(rb"\r\nRDY\r\n", 60)
        self.assertEqual(self.line.version(), NEW)

    def test_package_bytes_are_never_commands(self):
        send_data(self.line, b"junk", b"")
        self.line.write(b"\r\nAT+CMEE=0\rATI\r\n" * 50)
        self.assertEqual(self.line.read_quiet(0.5), b"")
        self.line.write(b"+++")
        self.assert_refused("FORMAT", self.line.read_until(rb"\+CME ERROR[^\r]*\r\n"))


if __name__ == "__main__":
    fotatest.main()
