#!/usr/bin/env python3
"""Broken transfers: only the missing part is sent again, counted on the line by a man in the
middle."""
import json
import select
import socket
import subprocess
import threading
import time
import unittest

import fotatest
from fotatest import FOTA, NEW, OLD, ModuleTest, code, update_package

SECTOR = 4096
SANITIZED = fotatest.SLOW > 1  # fewer variants: each costs seconds


class Relay:
    """Passes bytes between a client and the module, counts them, and acts after a number."""

    def __init__(self, place, after=None, action=None):
        host, port = place.rsplit(":", 1)
        self.to_module = 0
        self.after, self.action = after, action
        self.module = socket.create_connection((host, int(port)))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def act_after(self, after, action):
        self.action = action
        self.after = after

    def run(self):
        client, _ = self.listener.accept()
        for line in (client, self.module):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, self.module, self.listener:
            while True:
                for ready in select.select([client, self.module], [], [])[0]:
                    try:
                        data = ready.recv(512)
                    except OSError:
                        data = b""
                    if not data:
                        return
                    if ready is client:
                        self.to_module += len(data)
                        self.module.sendall(data)
                        if self.after is not None and self.to_module >= self.after:
                            time.sleep(0.3)  # the module takes what is on its way
                            self.action()
                            return
                    else:
                        client.sendall(data)


class Resume(ModuleTest):
    def setUp(self):
        super().setUp()
        self.size = update_package().stat().st_size
        self.make(tty=False)

    def send_through(self, relay, mode, *options, status=0):
        done = fotatest.fota("send", update_package(), "--port", relay.place, "--mode", mode,
                             "--reopen-ms", "0", "--json", *options, status=None)
        relay.thread.join(10)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def check_resumed(self, mode, sent_first):
        """The second try brings the rest only."""
        relay = Relay(self.module.place)
        told = json.loads(self.send_through(relay, mode).stdout)
        self.assertEqual(told["version_after"], NEW)
        missing = self.size - told["resumed_at"]
        self.assertGreaterEqual(told["resumed_at"], sent_first - 2 * SECTOR)
        self.assertGreater(told["resumed_at"], 0)
        cost = missing if mode == "qfua" else missing * 2 + 12 * (missing // 450 + 1)
        self.assertGreaterEqual(relay.to_module, cost)
        self.assertLess(relay.to_module, cost + 300)

    def test_module_loses_power_in_the_middle(self):
        for mode in ("qfaw",) if SANITIZED else ("qfua", "qfaw"):
            with self.subTest(mode):
                self.make(tty=False)
                half = self.size * 6 // 10
                on_line = half if mode == "qfua" else half * 2
                relay = Relay(self.module.place, on_line, self.module.kill)
                self.send_through(relay, mode, status=code("LINK"))
                self.start(tty=False)
                self.check_resumed(mode, half * 95 // 100)

    def test_line_breaks_in_the_middle_and_module_lives(self):
        for mode in ("qfua",) if SANITIZED else ("qfua", "qfaw"):
            with self.subTest(mode):
                self.make(tty=False)
                half = self.size * 6 // 10
                on_line = half if mode == "qfua" else half * 2
                relay = Relay(self.module.place, on_line, lambda: None)
                self.send_through(relay, mode, status=code("LINK"))
                self.check_resumed(mode, half * 95 // 100)

    def test_a_port_that_vanishes_is_opened_again(self):
        """The module loses its power, comes back under the same name, and the same run goes on."""
        for tty in (True, False):
            with self.subTest(tty=tty):
                self.make("--baud", "115200", tty=tty)
                place = self.module.link if tty else self.module.place
                sender = subprocess.Popen(
                    [str(FOTA), "send", str(update_package()), "--port", place, "--mode", "qfua",
                     "--no-resume", "--json"], stdout=subprocess.PIPE, text=True)
                time.sleep(1.0)  # of about two
                self.module.kill()
                time.sleep(0.5)
                self.start("--baud", "115200", tty=tty, line="--listen", port=place)
                told = json.loads(sender.communicate(timeout=60 * fotatest.SLOW)[0])
                self.assertEqual((told["ok"], told["version_after"]), (True, NEW))
                self.assertGreater(told["resumed_at"], 0)

    def test_a_port_that_does_not_come_back_ends_it(self):
        relay = Relay(self.module.place, self.size // 2, self.module.kill)
        begin = time.monotonic()
        self.send_through(relay, "qfua", "--reopen-ms", "1000", status=code("LINK"))
        self.assertLess(time.monotonic() - begin, 10 * fotatest.SLOW)

    def test_sender_is_killed_or_interrupted(self):
        for number, status in ((2, code("INTERRUPTED")), (9, -9))[:1 if SANITIZED else 2]:
            with self.subTest(signal=number):
                self.make(tty=False)
                relay = Relay(self.module.place)
                sender = subprocess.Popen(
                    [str(FOTA), "send", str(update_package()), "--port", relay.place, "--mode",
                     "qfua"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                relay.act_after(self.size * 6 // 10,
                                lambda s=sender, n=number: (s.send_signal(n), s.wait()))
                self.assertEqual(sender.wait(30), status)
                relay.thread.join(10)
                self.check_resumed("qfua", self.size // 2)

    def test_other_package_begins_afresh(self):
        relay = Relay(self.module.place, self.size * 6 // 10, lambda: None)
        self.send_through(relay, "qfua", status=code("LINK"))
        other = fotatest.package("other-version", to_version="M95FAR02A09")
        told = json.loads(fotatest.fota("send", other, "--port", self.module.place,
                                        "--json").stdout)
        self.assertEqual((told["resumed_at"], told["version_after"]), (0, "M95FAR02A09"))

    def test_no_resume(self):
        relay = Relay(self.module.place, self.size * 6 // 10, lambda: None)
        self.send_through(relay, "qfua", status=code("LINK"))
        relay = Relay(self.module.place)
        told = json.loads(self.send_through(relay, "qfua", "--no-resume").stdout)
        self.assertEqual((told["resumed_at"], told["version_after"]), (0, NEW))
        self.assertGreater(relay.to_module, self.size)

    def test_durable_bytes_are_told_and_bound_to_their_checksum(self):
        data = update_package().read_bytes()
        with socket.create_connection(self.module.place.rsplit(":", 1)) as line:
            self.assertIn(b'+QFAI: 0,0,"00000000"', ask(line, b"AT+QFAI?\r"))
            ask(line, b"AT+QFAI\r")
            for off in range(0, 9000, 450):
                ask(line, b'AT+QFAW="%s"\r' % data[off:off + 450].hex().encode())
            answer = ask(line, b"AT+QFAI?\r")
            durable = 9000 // 256 * 256
            self.assertIn(told(data, durable), answer)
            self.module.kill()
        self.start(tty=False)
        with socket.create_connection(self.module.place.rsplit(":", 1)) as line:
            self.assertIn(told(data, 8192), ask(line, b"AT+QFAI?\r"))
            answer = ask(line, b"AT+QFUA=4096\r")
            self.assertIn(fotatest.CODE["OFFSET"][2].encode(), answer)
            self.assertIn(told(data, 8192), ask(line, b"AT+QFAI=1\r"))


def told(data, durable):
    import zlib
    return b'+QFAI: %d,%d,"%08X"' % (durable, len(data), zlib.crc32(data[:durable]))


def ask(line, command):
    line.settimeout(30)
    line.sendall(command)
    answer = b""
    while not answer.endswith(b"\r\n") or not any(
            word in answer for word in (b"\r\nOK\r\n", b"ERROR")):
        answer += line.recv(4096)
    return answer


if __name__ == "__main__":
    fotatest.main()
