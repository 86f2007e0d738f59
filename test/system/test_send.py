#!/usr/bin/env python3
"""fota send: what it does and says when all is well, and when it is not."""
import json
import os
import pathlib
import pty
import subprocess
import threading
import tty
import unittest

import fotatest
from fotatest import CODE, NEW, OLD, ModuleTest, code, fota, package, update_package


class Send(ModuleTest):
    def test_both_modes_over_terminal_and_tcp(self):
        for tty_line, mode in ((True, "qfua"), (False, "qfaw"), (True, "qfaw"), (False, "auto")):
            with self.subTest(tty=tty_line, mode=mode):
                self.make(tty=tty_line)
                place = self.module.link if tty_line else "tcp://" + self.module.place
                told = json.loads(fota("send", update_package(), "--port", place, "--mode", mode,
                                       "--json").stdout)
                self.assertEqual((told["ok"], told["version_before"], told["version_after"]),
                                 (True, OLD, NEW))
                self.assertEqual(told["mode"], "QFAW" if mode == "qfaw" else "QFUA")
                self.assertEqual(told["package_bytes"], update_package().stat().st_size)

    def test_plain_lines(self):
        self.make()
        lines = self.send(update_package()).stdout.splitlines()
        self.assertEqual(lines[0], f"version before: {OLD}")
        self.assertEqual(lines[1], "mode: AT+QFUA")
        self.assertIn("accepted: the module reboots and updates itself", lines)
        self.assertIn("updating: 100 %", lines)
        self.assertIn(f"version after: {NEW}", lines)
        self.assertTrue(lines[-1].startswith(f"updated: {OLD} is now {NEW} ("))

    def test_quiet(self):
        self.make()
        done = self.send(update_package(), "-q")
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_bar_on_a_terminal(self):
        self.make()
        reader, writer = pty.openpty()
        shown = []
        thread = threading.Thread(target=lambda: shown.extend(read_all(reader)))
        thread.start()
        with os.fdopen(writer, "wb", buffering=0) as terminal:
            subprocess.run([str(fotatest.FOTA), "send", str(update_package()), "--port",
                            self.module.link, "--mode", "qfaw", "--no-resume"], stdout=terminal, check=True)
        thread.join(10)
        text = b"".join(shown).decode()
        self.assertIn("\rsending  [", text)
        self.assertIn("kB/s", text)
        self.assertIn(" left", text)
        self.assertIn("\rupdating [##############################] 100 %", text)

    def test_already_at_this_version(self):
        self.make()
        self.send(update_package())
        done = self.send(update_package(), status=code("ALREADY"))
        self.assertIn(CODE["ALREADY"][2], done.stderr)
        self.assert_version(NEW)

    def test_refusal_names_the_module_s_error(self):
        self.make()
        for name, error, options in (("wrong-key", "UNKNOWN_KEY", {"key": "other.key"}),
                                     ("wrong-product", "PRODUCT", {"product": "M96"})):
            for mode in ("qfua", "qfaw"):
                with self.subTest(name=name, mode=mode):
                    done = self.send(package(name, **options), "--mode", mode,
                                     status=code("REFUSED"))
                    self.assertIn(CODE[error][2], done.stderr)
                    self.assertNotIn("accepted", done.stdout)
                    self.assert_version(OLD)

    def test_refusal_as_json(self):
        self.make()
        done = self.send(package("wrong-product", product="M96"), "--json",
                         status=code("REFUSED"))
        told = json.loads(done.stdout)
        self.assertEqual((told["ok"], told["error"]["name"]), (False, "REFUSED"))
        self.assertIn(CODE["PRODUCT"][2], told["error"]["detail"])

    def test_module_without_flow_control_is_served_by_commands(self):
        self.make()
        line = self.client()
        self.assertEqual(line.command("AT+IFC=0,0"), ["OK"])
        line.close()
        told = json.loads(self.send(update_package(), "--json").stdout)
        self.assertEqual((told["mode"], told["version_after"]), ("QFAW", NEW))

    def test_version_that_is_not_proven(self):
        self.make()
        done = self.send(update_package(), "--expect-version", "M95FAR02A10",
                         "--answer-ms", "1000", status=code("UNPROVEN"))
        self.assertIn(NEW, done.stderr)

    def test_files_that_are_no_package(self):
        self.make()
        good = update_package().read_bytes()
        for name, data, error in (("empty", b"", "FORMAT"), ("short", b"FOTA", "FORMAT"),
                                  ("text", b"not a package at all" * 20, "FORMAT"),
                                  ("cut", good[:-9], "TRUNCATED"),
                                  ("long", good + b"12", "OVERLONG")):
            with self.subTest(name):
                path = self.directory / name
                path.write_bytes(data)
                done = self.send(path, status=code(error))
                self.assertIn(name, done.stderr)
                self.assertIn(CODE[error][2], done.stderr)
        done = self.send(self.directory / "missing", status=code("NOT_FOUND"))
        self.assertIn("missing", done.stderr)
        self.assert_version(OLD)

    def test_usage(self):
        for arguments in (("send",), ("send", "x"), ("send", "x", "--port"),
                          ("send", "x", "--port", "y", "--mode", "z"),
                          ("send", "x", "y", "--port", "z"),
                          ("send", "x", "--port", "y", "--baud", "fast")):
            with self.subTest(arguments):
                self.assertIn("remedy: ", fota(*arguments, status=code("USAGE")).stderr)


class FakePort:
    """A pseudo-terminal whose other end says what a function answers to what it got."""

    def __init__(self, answer):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        self.answer = answer
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                got = os.read(self.master, 4096)
                os.write(self.master, self.answer(got))
            except OSError:
                return

    def close(self):
        os.close(self.slave)
        os.close(self.master)


class BadPorts(unittest.TestCase):
    def send_to(self, port, error):
        done = fota("send", update_package(), "--port", port, "--answer-ms", "800", "--no-resume",
                    status=code(error))
        self.assertIn(CODE[error][2], done.stderr)
        self.assertIn("remedy: ", done.stderr)

    def test_port_that_is_not_there(self):
        self.send_to("/dev/ttyNOT", "PORT")
        self.send_to("127.0.0.1:1", "PORT")
        self.send_to("tcp://no-such-host.invalid:5", "PORT")
        self.send_to("/dev/null", "PORT")

    def test_modules_that_say_nothing_or_nonsense(self):
        cases = {
            "NO_ANSWER": lambda got: b"",
            "NONSENSE": lambda got: b"\x00\xff\x80 login: \r\n",
        }
        failures = []

        def one(error, answer):
            port = FakePort(answer)
            try:
                self.send_to(port.name, error)
            except AssertionError as failure:
                failures.append(f"{error}: {failure}")
            port.close()

        update_package()
        threads = [threading.Thread(target=one, args=case) for case in cases.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


def read_all(fd):
    while True:
        try:
            data = os.read(fd, 4096)
        except OSError:
            return
        if not data:
            return
        yield data


if __name__ == "__main__":
    fotatest.main()
