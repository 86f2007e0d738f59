#!/usr/bin/env python3
"""Firmware that is damaged is not started: the boot loader answers instead, and a full package
brings the module back."""
import re
import unittest

import fotatest
from fotatest import CODE, NEW, OLD, OLD_IMAGE, ModuleTest, package, send_commands, send_data

FACTORY_BYTES = 8192


class Recovery(ModuleTest):
    def damage(self, off=40_000):
        """Change one byte of the slot, which is the first area of the flash file."""
        self.module.stop()
        with open(self.module.flash, "r+b") as file:
            file.seek(FACTORY_BYTES + off)
            byte = file.read(1)
            self.assertEqual(byte[0], OLD_IMAGE[off])
            file.seek(FACTORY_BYTES + off)
            file.write(bytes([byte[0] ^ 1]))
        self.start()
        line = self.client()
        self.assertEqual(line.command("ATI"),
                         ["Quectel_Ltd", "Quectel_M95", "Revision: none", "OK"])
        return line

    def full(self):
        return package("full", base=None)

    def test_one_changed_byte_and_a_full_package_by_fota_send(self):
        for mode in ("qfua", "qfaw"):
            with self.subTest(mode):
                self.make()
                self.damage().close()
                self.send(self.full(), "--mode", mode)
                self.assert_version(NEW)

    def test_first_and_last_byte_of_the_image(self):
        for off in (0, len(OLD_IMAGE) - 1):
            with self.subTest(off):
                self.make()
                self.damage(off)

    def test_commands_in_recovery(self):
        self.make()
        line = self.damage()
        self.assertEqual(line.command("AT+CGMR"), ["Revision: none", "OK"])
        self.assertIsNone(send_commands(line, fotatest.update_package().read_bytes()))
        answer = line.command("AT+QFAU")
        self.assertEqual(answer, [f" Quectel firmware update failed. status={CODE['BASE'][0]}",
                                  f"+CME ERROR: {CODE['BASE'][2]}"])
        send_data(line, self.full().read_bytes())
        text = line.read_until(rb"\r\nRDY\r\n", 60)
        self.assertEqual([int(n) for n in re.findall(rb"percent = (\d+)%", text)],
                         list(range(1, 101)))
        self.assertEqual(line.version(), NEW)

    def test_full_package_of_the_same_version_repairs(self):
        self.make()
        line = self.damage()
        send_data(line, package("full-old", base=None, image="old.bin",
                                to_version=OLD).read_bytes())
        line.read_until(rb"status=0\r\nRebooting....\r\n\r\nRDY\r\n", 60)
        self.assertEqual(line.version(), OLD)

    def test_security_counter_holds_in_recovery(self):
        self.make("--security-counter", "7")
        line = self.damage()
        send_data(line, self.full().read_bytes())
        text = line.read_until(rb"ERROR[^\r]*\r\n", 60)
        self.assertIn(b"status=%d\r\n" % CODE["COUNTER"][0], text)
        send_data(line, package("full7", "--security-counter", "7", base=None).read_bytes())
        line.read_until(rb"\r\nRDY\r\n", 60)
        self.assertEqual(line.version(), NEW)

    def test_staging_damaged_between_acceptance_and_update(self):
        self.make()
        self.start("--flash-timing", "2,2000")
        line = self.client()
        data = fotatest.update_package().read_bytes()
        send_data(line, data)
        line.read_until(rb"Finish data downloading, rebooting....\r\n", 120)
        self.module.kill()
        content = bytearray(self.module.flash.read_bytes())
        at = content.index(data[-64:])
        content[at] ^= 4
        self.module.flash.write_bytes(content)
        self.start(wait=False)
        text = self.console().read_until(rb"\r\nRDY\r\n")
        self.assertIn(b" Quectel firmware update failed. status=%d\r\n\r\nRDY\r\n" %
                      CODE["BODY_HASH"][0], text)
        self.assert_version(OLD)
        self.send(fotatest.update_package())
        self.assert_version(NEW)


if __name__ == "__main__":
    fotatest.main()
