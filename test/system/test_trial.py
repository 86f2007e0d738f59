"""Trials of new firmware: confirmed by the host, by the firmware, or not at all."""

import fotatest
from fotatest import CODE, ModuleTest, NEW, OLD, package, send_data

SECTORS = ("--scratch", "4", "--security-counter", "3")
UNCONFIRMED = CODE["UNCONFIRMED"][0]


def trial(slots, *options):
    return package(f"trial-{slots}-{len(options)}", "--reversible", "--slots", slots, "--scratch", "4",
                   "--security-counter", "5", "--from-counter", "3", *options)


class Trial(ModuleTest):
    def prepare(self, slots, *arguments):
        self.make("--slots", slots, *SECTORS)
        self.start(*arguments)

    def result(self, line):
        answer = line.command("AT+QFUR?")
        return answer[0].removeprefix("+QFUR: ").split(",")

    def restart(self, line):
        """The module's own reset; returns what it prints until it is ready."""
        line.write(b"AT+CFUN=1,1\r")
        return line.read_until(rb"\r\nRDY\r\n", 60)

    def refuses(self, line, path, error):
        send_data(line, path.read_bytes())
        text = line.read_until(rb"ERROR[^\r]*\r\n", 60)
        self.assertIn(b"status=%d\r\n" % CODE[error][0], text)

    def test_confirmed_by_the_host(self):
        for slots in ("1", "2"):
            with self.subTest(slots):
                self.prepare(slots)
                line = self.client()
                self.assertEqual(self.result(line), ["0"])
                line.close()
                self.send(trial(slots), "--confirm")
                line = self.client()
                state, error, cuts, boots, *ids = self.result(line)
                self.assertEqual((state, error, cuts, boots), ("1", "0", "0", "0"))
                info = fotatest.json.loads(fotatest.fota("info", "--json", trial(slots)).stdout)
                self.assertEqual([i.strip('"').lower() for i in ids],
                                 [info["base"]["sha256"][:16], info["new"]["sha256"][:16]])
                for _ in range(4):
                    self.assertNotIn(b"percent", self.restart(line))
                self.assertEqual(line.version(), NEW)
                self.assertEqual(line.command("AT+QFUC"), ["OK"])  # again: nothing to do
                # The counter has risen: what leads back to 3 is refused.
                self.refuses(line, package(f"old-{slots}", "--slots", slots, "--scratch", "4",
                                           "--security-counter", "4", base="new.bin",
                                           image="old.bin", from_version=NEW, to_version=OLD),
                             "COUNTER")

    def test_unconfirmed_goes_back_after_three_boots(self):
        for slots in ("1", "2"):
            with self.subTest(slots):
                self.prepare(slots)
                self.send(trial(slots))
                line = self.client()
                for left in (2, 1, 0):
                    self.assertEqual(line.version(), NEW)
                    self.assertEqual(self.result(line)[:4], ["2", "0", "0", str(left)])
                    text = self.restart(line)
                self.assertIn(b" Quectel firmware update failed. status=%d\r\nRebooting....\r\n" %
                              UNCONFIRMED, text)
                self.assertEqual(line.version(), OLD)
                self.assertEqual(self.result(line)[:4], ["1", str(UNCONFIRMED), "0", "0"])
                line.close()
                self.send(trial(slots), "--confirm")  # the counter had not risen
                self.assert_version(NEW)

    def test_confirmed_by_the_firmware(self):
        self.prepare("1", "--confirm")
        self.send(trial("1"))
        line = self.client()
        for _ in range(4):
            self.restart(line)
        self.assertEqual(line.version(), NEW)
        self.assertEqual(self.result(line)[:2], ["1", "0"])

    def test_nothing_else_is_taken_on_trial(self):
        self.prepare("1")
        self.send(trial("1"))
        line = self.client()
        self.assertEqual(line.command("AT+QFAI"), [f"+CME ERROR: {CODE['BUSY'][2]}"])
        self.assertEqual(line.command("AT+QFUC"), ["OK"])
        self.assertEqual(line.command("AT+QFAI"), ["OK"])
        self.assertEqual(self.result(line)[:2], ["1", "0"])

    def test_number_of_boots(self):
        self.prepare("2")
        self.send(trial("2", "--trial-boots", "5"))
        line = self.client()
        for _ in range(4):
            self.restart(line)
            self.assertEqual(line.version(), NEW)
        self.restart(line)
        self.assertEqual(line.version(), OLD)

    def test_power_cuts_on_the_way_back(self):
        for slots, last in (("1", 120), ("2", 9)):  # operations, from the boot that gives up on
            self.prepare(slots)
            self.send(trial(slots))
            line = self.client()
            for _ in range(2):
                self.restart(line)
            line.close()
            self.module.kill()
            flash = self.module.flash.read_bytes()
            for at in range(1, last, max(1, last // 8)):
                with self.subTest((slots, at)):
                    self.module.flash.write_bytes(flash)
                    self.start("--power-cut-after", f"{at}:torn", "--seed", at, wait=False)
                    self.console().read_until(rb"\r\nRDY\r\n")
                    self.module.end()
                    self.assertEqual(self.module.process.returncode, fotatest.POWER_CUT_STATUS)
                    self.start(wait=False)
                    self.console().read_until(rb"\r\nRDY\r\n")
                    line = self.client()
                    state, error, *_ = self.result(line)
                    self.assertEqual((state, error, line.version()),
                                     ("1", str(UNCONFIRMED), OLD))

    def test_a_device_above_the_base_refuses_what_it_could_not_undo(self):
        self.make("--slots", "2", "--scratch", "4", "--security-counter", "4")
        self.start()
        self.refuses(self.client(), trial("2"), "COUNTER")


if __name__ == "__main__":
    fotatest.main()
