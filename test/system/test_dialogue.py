#!/usr/bin/env python3
"""The two dialogues of the seed, word for word, with a plain serial client."""
import re
import unittest

import fotatest
from fotatest import NEW, OLD, ModuleTest, send_commands, send_data, update_package

UPDATE = [
    b" Quectel firmware update is processing....",
    b".......RunFirmwareUpdate......",
    *(b" Update  percent = %d%%" % n for n in range(1, 101)),
    b" Quectel firmware update success. status=0",
    b"Rebooting....",
]
FINISH = b"Finish data downloading, rebooting...."
ATI = b"ATI\r\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: %s\r\n\r\nOK\r\n"


class Dialogue(ModuleTest):
    def setUp(self):
        super().setUp()
        self.make()
        self.line = self.client()

    def read_exactly(self, expected):
        """The module's next bytes are these."""
        got = self.line.read_until(re.escape(expected[-min(len(expected), 24):]), 60)
        self.assertEqual(got, expected)

    def ask_version(self, version):
        self.line.write(b"ATI\r")
        self.read_exactly(ATI % version.encode())

    def follow_update(self):
        self.read_exactly(b"\r\n" + FINISH + b"\r\n")
        self.read_exactly(b"".join(line + b"\r\n" for line in UPDATE))
        self.read_exactly(b"\r\nRDY\r\n")

    def test_update_by_data_mode(self):
        data = update_package().read_bytes()
        self.ask_version(OLD)
        self.line.write(b"AT+QFUA\r")
        self.read_exactly(b"AT+QFUA\r\r\nOK\r\n\r\nCONNECT\r\n")
        self.line.write(data)
        self.line.write(b"+++")
        self.follow_update()
        self.ask_version(NEW)

    def test_update_by_commands(self):
        data = update_package().read_bytes()
        self.ask_version(OLD)
        self.line.write(b"AT+QFAI\r")
        self.read_exactly(b"AT+QFAI\r\r\nOK\r\n")
        for off in range(0, len(data), 450):
            command = b'AT+QFAW="' + data[off:off + 450].hex().upper().encode() + b'"\r'
            self.line.write(command)
            self.read_exactly(command + b"\r\nOK\r\n")
        self.line.write(b"AT+QFAU\r")
        self.read_exactly(b"AT+QFAU\r")
        self.follow_update()
        self.ask_version(NEW)

    def test_update_by_commands_of_any_length_in_lower_case(self):
        data = update_package().read_bytes()
        self.assertEqual(self.line.command("at+qfai"), ["OK"])
        off = 0
        for i in range(10 ** 6):
            if off >= len(data):
                break
            n = (1, 255, 256, 257, 450, 449, 450, 450, 13)[i % 9]
            self.assertEqual(self.line.command(f'at+qfaw="{data[off:off + n].hex()}"'), ["OK"])
            off += n
        self.line.write(b"at+qfau\r")
        self.read_exactly(b"at+qfau\r")
        self.follow_update()

    def test_data_mode_byte_by_byte_and_the_escape_in_pieces(self):
        data = update_package().read_bytes()
        send_data(self.line, b"", b"")
        for byte in data[:600]:
            self.line.write(bytes([byte]))
        self.line.write(data[600:])
        for byte in b"+++":
            self.line.write(bytes([byte]))
        self.follow_update()
        self.ask_version(NEW)

    def test_no_answer_while_updating(self):
        self.module.stop()
        self.start("--flash-timing", "0,300")
        self.line = self.client()
        send_data(self.line, update_package().read_bytes())
        self.line.read_until(rb"percent = 5%\r\n", 60)
        self.line.write(b"ATI\rAT\r")
        rest = self.line.read_until(rb"\r\nRDY\r\n", 60)
        self.assertNotIn(b"OK", rest)
        self.assertNotIn(b"ATI", rest)
        self.ask_version(NEW)

    def test_numeric_and_quiet_answers(self):
        self.line.write(b"ATE0V0\r")
        self.assertEqual(self.line.read_quiet(0.3), b"ATE0V0\r0\r")
        self.line.write(b"ATI\r")
        self.assertEqual(self.line.read_quiet(0.3),
                         b"Quectel_Ltd\r\nQuectel_M95\r\nRevision: %s\r\n0\r" % OLD.encode())
        self.line.write(b"ATQ1\rAT+CMEE?\r")
        self.assertEqual(self.line.read_quiet(0.3), b"+CMEE: 2\r\n")

    def test_identity_commands(self):
        for command, answer in (("AT+CGMI", "Quectel_Ltd"), ("AT+GMI", "Quectel_Ltd"),
                                ("AT+CGMM", "Quectel_M95"), ("AT+GMM", "Quectel_M95"),
                                ("AT+CGMR", f"Revision: {OLD}"), ("AT+GMR", f"Revision: {OLD}"),
                                ("AT+CGSN", "867223020000000"), ("AT+GSN", "867223020000000"),
                                ("AT+CFUN?", "+CFUN: 1"), ("AT+CFUN=?", "+CFUN: (0,1,4),(0,1)"),
                                ("AT+IFC?", "+IFC: 2,2"), ("AT+IPR?", "+IPR: 115200")):
            with self.subTest(command=command):
                self.assertEqual(self.line.command(command), [answer, "OK"])
        for command in ("AT+CGMI=?", "AT+QFUA=?", "AT+QFAU=?", "AT+QFAW=?", "AT+CFUN=0"):
            with self.subTest(command=command):
                self.assertEqual(self.line.command(command), ["OK"])
        for command in ("AT+CFUN=2", "AT+CFUN=0,1", "AT+CFUN=1,2", "AT+QFUA=x", "AT+QFAI=2",
                        "AT+NONE", "ATI1", "AT&W1"):
            with self.subTest(command=command):
                self.assertEqual(self.line.command(command), ["ERROR"])

    def test_settings_survive_the_reset_when_stored(self):
        self.assertEqual(self.line.command("AT+CMEE=1;+IFC=0,0;&W"), ["OK"])
        self.assertEqual(self.line.command("AT+IPR=9600"), ["OK"])
        self.assertEqual(self.line.command("AT+CFUN=1,1"), ["OK"])
        self.line.read_until(rb"\r\nRDY\r\n")
        self.assertEqual(self.line.command("AT+CMEE?"), ["+CMEE: 1", "OK"])
        self.assertEqual(self.line.command("AT+IFC?"), ["+IFC: 0,0", "OK"])
        self.assertEqual(self.line.command("AT+IPR?"), ["+IPR: 115200", "OK"])
        self.assertEqual(self.line.command("AT&F"), ["OK"])
        self.assertEqual(self.line.command("AT+CMEE?"), ["+CMEE: 2", "OK"])
        self.assertEqual(self.line.command("ATZ"), ["OK"])
        self.assertEqual(self.line.command("AT+CMEE?"), ["+CMEE: 1", "OK"])
        self.module.kill()
        self.start()
        self.line = self.client()
        self.assertEqual(self.line.command("AT+CMEE?"), ["+CMEE: 1", "OK"])

    def test_second_update_follows_the_first(self):
        back = fotatest.package("back", base="new.bin", image="old.bin", from_version=NEW,
                                to_version=OLD)
        send_data(self.line, update_package().read_bytes())
        self.follow_update()
        self.assertIsNone(send_commands(self.line, back.read_bytes()))
        self.line.write(b"AT+QFAU\r")
        self.read_exactly(b"AT+QFAU\r")
        self.follow_update()
        self.ask_version(OLD)


if __name__ == "__main__":
    unittest.main()
