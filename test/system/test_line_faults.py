#!/usr/bin/env python3
"""A sample of the line's faults with the programs themselves: fota send, a proxy that does one
thing wrong, fota-module.  All of them: test/test_line_faults.c."""
import collections
import concurrent.futures
import pathlib
import random
import select
import socket
import subprocess
import tempfile
import threading
import unittest

import fotatest
from fotatest import FOTA, NEW, OLD, SLOW, Module, package, workshop

SEED = 2217
PLACES = 3 if SLOW == 1 else 1


def lose(data):
    return data[1:]


def double(data):
    return data[:1] + data


def flip(data):
    return bytes([data[0] ^ 0x10]) + data[1:]


def swap(data):
    return data[1:2] + data[:1] + data[2:]


def escape(data):
    return b"+++" + data


def noise(data):
    return b"\r\n\xff\x80?+CREG: 0\r\n" + data


class Proxy(threading.Thread):
    """Passes bytes, and hands what begins at byte `at` towards the module to `fault`."""

    def __init__(self, place, at, fault):
        super().__init__(daemon=True)
        host, port = place.rsplit(":", 1)
        self.module = socket.create_connection((host, int(port)))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.at, self.fault, self.passed = at, fault, 0
        self.start()

    def damage(self, data):
        begin = self.at - self.passed
        self.passed += len(data)
        if self.fault is None or not 0 <= begin < len(data):
            return data
        fault, self.fault = self.fault, None
        return data[:begin] + fault(data[begin:])

    def run(self):
        client, _ = self.listener.accept()
        with client, self.module, self.listener:
            while True:
                for ready in select.select([client, self.module], [], [])[0]:
                    data = ready.recv(512)
                    if not data:
                        return
                    if ready is client:
                        self.module.sendall(self.damage(data))
                    else:
                        client.sendall(data)


def small():
    return package("line", "--slot-bytes", "64K", base="tiny-old.bin", image="tiny-new.bin")


def one(fault, mode, at):
    """Returns whether the fault was injected, and the outcome."""
    shop = workshop()
    with tempfile.TemporaryDirectory(prefix="fota-fault-") as directory:
        module = Module(pathlib.Path(directory), "--init", shop / "tiny-old.bin", "--version", OLD,
                        "--product", "M95", "--pub", shop / "maker.pub", "--slot-bytes", "64K",
                        tty=False)
        try:
            proxy = Proxy(module.place, at, fault)
            done = subprocess.run(
                [str(FOTA), "send", str(small()), "--port", proxy.place, "--mode", mode,
                 "--reopen-ms", "0", "--answer-ms", "2000"], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=240 * SLOW, check=False)
            proxy.join(10)
            with socket.create_connection(module.place.rsplit(":", 1), 10) as line:
                line.sendall(b"AT\r\rATI\r")
                answer = b""
                while b"Revision: " not in answer or not answer.endswith(b"OK\r\n"):
                    answer += line.recv(1000)
        finally:
            module.stop()
    version = NEW if NEW.encode() in answer else OLD
    if (done.returncode == 0) != (version == NEW):
        raise AssertionError(f"{fault.__name__},{mode},{at}: {done.returncode} with {version}\n"
                             f"{done.stdout}{done.stderr}")
    return proxy.fault is None, "finished" if done.returncode == 0 else f"error {done.returncode}"


class Faults(unittest.TestCase):
    def test_one_fault_ends_with_the_new_firmware_or_a_clear_error(self):
        rng = random.Random(SEED)
        size = small().stat().st_size
        cases = [(fault, mode, rng.randrange(size if mode == "qfua" else 2 * size))
                 for fault in (lose, double, flip, swap, escape, noise)
                 for mode in ("qfua", "qfaw") for _ in range(PLACES)]
        table = collections.defaultdict(collections.Counter)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for case, (injected, outcome) in zip(cases, pool.map(lambda c: one(*c), cases)):
                table[case[0].__name__, case[1]][outcome] += injected
        print(f"\nseed {SEED}")
        for (fault, mode), outcomes in sorted(table.items()):
            print(f"| {fault} | {mode} | {sum(outcomes.values())} | {dict(outcomes)} |")
        self.assertEqual(sum(sum(o.values()) for o in table.values()), len(cases))
        self.assertEqual(sum(o["finished"] for o in table.values()), len(cases))


if __name__ == "__main__":
    fotatest.main()
