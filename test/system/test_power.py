#!/usr/bin/env python3
"""Power cuts while the module updates itself: whatever is cut, the next power-ups finish, and a
finished module writes nothing more."""
import re
import shutil
import time
import unittest

import fotatest
from fotatest import NEW, POWER_CUT_STATUS, ModuleTest, send_data, update_package

CUTS = 24 // fotatest.SLOW
KILLS = 10 // fotatest.SLOW


class PowerCuts(ModuleTest):
    def setUp(self):
        super().setUp()
        self.armed = self.directory / "armed.flash"

    def arm(self, *arguments):
        """A flash file with the package in staging, accepted, and nothing done about it."""
        self.make(*arguments)
        line = self.client()
        answer = line.command("AT+QFUA")
        self.assertEqual(answer[-1], "CONNECT")
        self.module.stop()
        # the accepted package is received at full speed, and the first operation of the boot
        # loader takes long enough to be forestalled
        self.start("--flash-timing", "2,2000")
        line = self.client()
        send_data(line, update_package().read_bytes())
        line.read_until(rb"Finish data downloading, rebooting....\r\n", 120)
        self.module.kill()
        shutil.copyfile(self.module.flash, self.armed)

    def boot(self, *arguments):
        """Power up, and down when the module is ready; returns its exit status, the number of
        flash operations (None: the power was cut), and what it said."""
        module = self.start(*arguments, wait=False)
        console = self.console()
        said = console.read_until(rb"\r\nRDY\r\n")
        if b"RDY" in said:
            errors = module.stop()
        else:
            errors = module.end()
        found = re.findall(r"(\d+) flash operations", errors)
        self.assertNotIn("misused", errors)
        return module.process.returncode, int(found[-1]) if found else None, said

    def assert_finished(self):
        """The new version runs, and a further boot writes nothing."""
        self.assertEqual(self.boot(), (0, 0, b"\r\nRDY\r\n"))
        self.start()
        self.assert_version(NEW)

    def test_cut_before_inside_and_after_operations_over_the_whole_update(self):
        self.arm()
        shutil.copyfile(self.armed, self.module.flash)
        status, total, _ = self.boot()
        self.assertEqual(status, 0)
        self.assertGreater(total, 300)
        self.assert_finished()
        for i in range(CUTS):
            at = 1 + i * (total - 1) // (CUTS - 1)
            kind = ("before", "torn", "after", "torn")[i % 4]
            with self.subTest(at=at, kind=kind, seed=i):
                shutil.copyfile(self.armed, self.module.flash)
                status, *_ = self.boot("--power-cut-after", f"{at}:{kind}", "--seed", i)
                self.assertEqual(status, POWER_CUT_STATUS)
                status, *_ = self.boot("--power-cut-after", f"{7 + i}:torn", "--seed", i)
                self.assertIn(status, (0, POWER_CUT_STATUS))
                self.assertEqual(self.boot()[0], 0)
                self.assert_finished()

    def test_kill_at_any_time(self):
        self.arm()
        shutil.copyfile(self.armed, self.module.flash)
        begin = time.monotonic()
        self.boot("--flash-timing", "0,200")
        seconds = time.monotonic() - begin
        for i in range(KILLS):
            with self.subTest(i):
                shutil.copyfile(self.armed, self.module.flash)
                for part in (i + 0.5, KILLS - i - 0.5):
                    self.start("--flash-timing", "0,200", wait=False)
                    time.sleep(seconds * part / KILLS / 2)
                    self.module.kill()
                self.assertEqual(self.boot()[0], 0)
                self.assert_finished()

    def test_percent_goes_on_behind_the_last_record(self):
        self.arm()
        status, _, seen = self.boot("--power-cut-after", "400:before", "--flash-timing", "0,500")
        self.assertEqual(status, POWER_CUT_STATUS)
        _, _, rest = self.boot()
        numbers = [[int(n) for n in re.findall(rb"percent = (\d+)%", text)]
                   for text in (seen, rest)]
        both = numbers[0] + numbers[1]
        self.assertTrue(numbers[0] and numbers[1])
        self.assertEqual(both, sorted(set(both)))
        self.assertEqual(both[-1], 100)
        self.assertLessEqual(len(set(range(1, 101)) - set(both)), 3)


if __name__ == "__main__":
    fotatest.main()
