#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The module's own files and connections (doc/at-reference.md): real nginx, vsftpd and `fota serve --tcp` behind the AT
commands of the virtual module."""
import os
import pathlib
import random
import re
import shutil
import tempfile
import time

import servers
from fotatest import CODE, FOTA, OLD, ModuleTest, main, workshop

BIG = random.Random(1).randbytes(200_001)


def cme(name):
    return CODE[name][1]


def xor16(data):
    """The checksum of AT+QFUPL: XOR of 16-bit words, high byte first, an odd last byte is a high one."""
    data += b"\0" * (len(data) % 2)
    value = 0
    for at in range(0, len(data), 2):
        value ^= data[at] << 8 | data[at + 1]
    return value


class Modem(ModuleTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.umask(0o022)     # the FTP server reads as another user
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="fota-modem-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.home.chmod(0o755)
        cls.root = cls.home / "root"
        (cls.root / "sub dir").mkdir(parents=True)
        (cls.root / "big.bin").write_bytes(BIG)
        (cls.root / "sub dir" / "a+b%.bin").write_bytes(b"odd name")
        (cls.root / "small.bin").write_bytes(b"0123456789")
        (cls.root / "huge.bin").write_bytes(bytes(600_000))
        cls.nginx = cls.enterClassContext(servers.Nginx(cls.home / "nginx", cls.root))
        cls.ftp = cls.enterClassContext(servers.Vsftpd(cls.home / "ftp", cls.root))

    def setUp(self):
        super().setUp()
        self.make()
        self.at = self.client()
        self.assertEqual(self.at.command("ATE0")[-1], "OK")
        self.assertEqual(self.ask("AT+CMEE=1"), ["OK"])

    def ask(self, text):
        return self.at.command(text)

    def fails(self, text, error):
        self.assertEqual(self.ask(text), [f"+CME ERROR: {cme(error)}"], text)

    def code(self, pattern, seconds=20):
        """Wait for an unsolicited line; returns its text."""
        seen = self.at.read_until(rb"\r\n(" + pattern + rb")\r\n", seconds)
        return re.search(pattern, seen).group().decode()

    def set_url(self, path, scheme="http", port=None):
        url = f"{scheme}://127.0.0.1:{port or self.nginx.port}/{path}".encode()
        self.at.write(b"AT+QHTTPURL=%d,5\r" % len(url))
        self.at.read_until(rb"\r\nCONNECT\r\n")
        self.at.write(url)
        self.at.read_until(rb"\r\nOK\r\n")

    def download(self, path, name, *more):
        self.set_url(path)
        self.assertEqual(self.ask(f'AT+QHTTPDL="{name}"' + "".join(f",{value}" for value in more)), ["OK"])
        return self.code(rb"\+QHTTPDL: [^\r]*")

    def read_file(self, name, piece=None):
        handle = self.ask(f'AT+QFOPEN="{name}",2')[0].split()[1]
        content = b""
        while True:
            self.at.write(f"AT+QFREAD={handle}{f',{piece}' if piece else ''}\r".encode())
            n = int(self.at.read_until(rb"\r\nCONNECT (\d+)\r\n").split()[1])
            while len(self.at.seen) < n:
                self.at.seen += self.at.port.read(max(1, self.at.port.in_waiting))
            content, self.at.seen = content + self.at.seen[:n], self.at.seen[n:]
            self.at.read_until(rb"\A\r\nOK\r\n")
            if n == 0 or piece is None:
                break
        self.assertEqual(self.ask(f"AT+QFCLOSE={handle}"), ["OK"])
        return content

    def upload(self, name, data, *more):
        self.at.write(f'AT+QFUPL="{name}",{len(data)}{"".join(f",{value}" for value in more)}\r'.encode())
        self.at.read_until(rb"\r\nCONNECT\r\n")
        self.at.write(data)

    # files

    def test_a_file_is_uploaded_listed_read_sought_and_deleted(self):
        data = bytes(range(256)) * 20 + b"+++ATI\r\n?"
        self.upload("a.bin", data)
        answer = self.at.read_until(rb"OK\r\n")
        self.assertEqual(answer, b"\r\n+QFUPL: %d,%x\r\n\r\nOK\r\n" % (len(data), xor16(data)))
        self.assertEqual(self.ask("AT+QFLST"), [f'+QFLST: "UFS:a.bin",{len(data)}', "OK"])
        self.assertEqual(self.ask('AT+QFLST="RAM:*"'), ["OK"])
        self.fails('AT+QFLST="b.bin"', "NOT_FOUND")
        self.assertEqual(self.read_file("UFS:a.bin"), data)
        self.assertEqual(self.read_file("a.bin", 777), data)
        handle = self.ask('AT+QFOPEN="a.bin",2')[0].split()[1]
        self.fails('AT+QFDEL="a.bin"', "IN_USE")
        for off, whence, at in ((100, "", 100), (5, ",1", 108), (7, ",2", len(data) - 7)):
            self.assertEqual(self.ask(f"AT+QFSEEK={handle},{off}{whence}"), ["OK"])
            self.at.write(f"AT+QFREAD={handle},3\r".encode())
            self.assertEqual(self.at.read_until(rb"OK\r\n"), b"\r\nCONNECT 3\r\n" + data[at:at + 3] + b"\r\nOK\r\n")
        self.fails(f"AT+QFSEEK={handle},{len(data) + 1}", "RANGE")
        self.assertEqual(self.ask(f"AT+QFCLOSE={handle}"), ["OK"])
        self.fails(f"AT+QFREAD={handle},3", "HANDLE")
        total = 2 * 1024 * 1024
        self.assertEqual(self.ask('AT+QFLDS="UFS"'), [f"+QFLDS: {total - len(data)},{total}", "OK"])
        self.assertEqual(self.ask('AT+QFDEL="UFS:a.bin"'), ["OK"])
        self.fails('AT+QFOPEN="a.bin",2', "NOT_FOUND")

    def test_upload_in_acknowledged_blocks(self):
        self.at.write(b'AT+QFUPL="RAM:b.bin",2500,5,1\r')
        self.at.read_until(rb"\r\nCONNECT\r\n")
        for at in (0, 1024):
            self.at.write(BIG[at:at + 1024])
            self.assertEqual(self.at.read_until(rb"A"), b"A")
        self.at.write(BIG[2048:2500])
        self.assertIn(b"+QFUPL: 2500,%x\r\n" % xor16(BIG[:2500]), self.at.read_until(rb"OK\r\n"))
        self.assertEqual(self.read_file("RAM:b.bin"), BIG[:2500])

    def test_upload_that_stops_keeps_what_came(self):
        self.at.write(b'AT+QFUPL="c.bin",100,1\r')
        self.at.read_until(rb"\r\nCONNECT\r\n")
        self.at.write(b"seven b")
        self.assertIn(b"+QFUPL: 7,%x\r\n" % xor16(b"seven b"), self.at.read_until(rb"OK\r\n"))
        self.assertEqual(self.read_file("c.bin"), b"seven b")

    def test_every_command_has_a_test_form(self):
        for name in ("QFLDS QFLST QFDEL QFUPL QFOPEN QFREAD QFSEEK QFCLOSE QHTTPURL QHTTPGET QHTTPREAD QHTTPDL QFTPUSER "
                     "QFTPPASS QFTPCFG QFTPOPEN QFTPPATH QFTPGET QFTPCLOSE QINDI QIOPEN QISEND QIRD QICLOSE").split():
            self.assertEqual(self.ask(f"AT+{name}=?"), ["OK"], name)

    def test_store_is_bounded(self):
        self.fails('AT+QFUPL="RAM:d.bin",524289', "STORE")
        for number in range(16):
            self.assertEqual(self.ask(f'AT+QFOPEN="f{number}"')[-1], "OK")
            self.assertEqual(self.ask(f"AT+QFCLOSE={number + 1}"), ["OK"])
        self.fails('AT+QFOPEN="one more"', "STORE")
        for number in range(4):
            self.assertEqual(self.ask(f'AT+QFOPEN="f{number}"')[-1], "OK")
        self.fails('AT+QFOPEN="f5"', "IN_USE")
        self.assertEqual(self.ask('AT+QFDEL="f5"'), ["OK"])
        self.fails('AT+QFOPEN="f5",1', "IN_USE")
        self.fails('AT+QFLST="f5"', "NOT_FOUND")    # a refused command makes no file
        self.assertEqual(self.ask("AT+CFUN=1,1")[-1], "OK")
        self.at.read_until(rb"RDY")
        self.assertEqual(len(self.ask("AT+QFLST")), 16)
        self.assertEqual(self.ask('AT+QFDEL="*"'), ["OK"])
        self.assertEqual(self.ask("AT+QFLST"), ["OK"])

    # HTTP

    def test_http_to_file_and_reset_forgets_ram_only(self):
        self.assertEqual(self.download("big.bin", "RAM:1.BIN"), f"+QHTTPDL: {len(BIG)},{len(BIG)},0")
        self.assertEqual(self.download("big.bin", "2.BIN"), f"+QHTTPDL: {len(BIG)},{len(BIG)},0")
        self.assertEqual(self.read_file("RAM:1.BIN"), BIG)
        self.assertEqual(self.read_file("2.BIN", 4000), BIG)
        self.assertEqual(self.ask("AT+CFUN=1,1"), ["OK"])
        self.at.read_until(rb"RDY")
        self.assertEqual(self.ask("ATE0+CMEE=1")[-1], "OK")
        self.fails('AT+QFOPEN="RAM:1.BIN",2', "NOT_FOUND")
        self.assertEqual(self.read_file("2.BIN"), BIG)

    def test_http_get_and_read(self):
        self.fails("AT+QHTTPGET", "NO_CONNECTION")
        self.fails("AT+QHTTPREAD", "NOT_FOUND")
        self.set_url("small.bin")
        self.assertEqual(self.ask("AT+QHTTPGET=30"), ["OK"])
        self.at.write(b"AT+QHTTPREAD=30\r")
        self.assertEqual(self.at.read_until(rb"OK\r\n"), b"\r\nCONNECT\r\n0123456789\r\nOK\r\n")
        self.set_url("nothing.bin")
        self.fails("AT+QHTTPGET=30", "NOT_FOUND")

    def test_http_failures_are_said_and_leave_no_file(self):
        for path, more, error in (("nothing.bin", (), "NOT_FOUND"), ("private/x", (), "ACCESS"),
                                  ("broken/x", (), "SERVER"), ("loop/x", (), "SERVER"),
                                  ("big.bin", (200_000,), "TOO_LARGE"), ("huge.bin", (), "STORE"),
                                  ("to-ftp/x", (), "SERVER")):
            told = self.download(path, "RAM:x.bin", *more)
            self.assertRegex(told, rf"\+QHTTPDL: \d+,(-1|\d+),{cme(error)}$", path)
            self.fails('AT+QFLST="RAM:x.bin"', "NOT_FOUND")
        self.set_url("x", port=servers.free_port())
        self.assertEqual(self.ask('AT+QHTTPDL="RAM:x.bin"'), ["OK"])
        self.assertEqual(self.code(rb"\+QHTTPDL: [^\r]*"), f"+QHTTPDL: 0,-1,{cme('NETWORK')}")

    def test_bad_urls_are_refused(self):
        for url in (b"ftp://127.0.0.1/x", b"file:///etc/passwd", b"http://\0"):
            self.at.write(b"AT+QHTTPURL=%d,5\r" % len(url))
            self.at.read_until(rb"\r\nCONNECT\r\n")
            self.at.write(url)
            self.at.read_until(rb"\+CME ERROR: 602\r\n")
        self.at.write(b"AT+QHTTPURL=50,1\r")
        self.at.read_until(rb"\r\nCONNECT\r\n")
        begin = time.monotonic()
        self.at.write(b"AT\r")
        self.at.read_until(rb"\+CME ERROR: %d\r\n" % cme("TIMEOUT"))
        self.assertLess(time.monotonic() - begin, 3)
        self.assertEqual(self.ask("AT"), ["OK"])

    def test_module_answers_while_it_downloads(self):
        self.set_url("slow/big.bin")
        self.assertEqual(self.ask('AT+QHTTPDL="slow.bin"'), ["OK"])
        begin = time.monotonic()
        n_answers = 0
        while time.monotonic() - begin < 0.5:
            self.assertEqual(self.at.version(), OLD)
            n_answers += 1
        self.assertGreater(n_answers, 10)
        self.fails('AT+QHTTPDL="other.bin"', "IN_USE")
        self.fails('AT+QFDEL="slow.bin"', "IN_USE")
        self.assertEqual(self.code(rb"\+QHTTPDL: [^\r]*"), f"+QHTTPDL: {len(BIG)},{len(BIG)},0")

    # FTP

    def open_ftp(self, port=None):
        self.assertEqual(self.ask(f'AT+QFTPOPEN="127.0.0.1",{port or self.ftp.port}'), ["OK"])
        return self.code(rb"\+QFTPOPEN:-?\d+")

    def test_ftp_to_file(self):
        self.fails('AT+QFTPGET="big.bin"', "NO_CONNECTION")
        self.assertEqual(self.ask('AT+QFTPUSER="anonymous"'), ["OK"])
        self.assertEqual(self.ask('AT+QFTPPASS="a@b"'), ["OK"])
        self.assertEqual(self.open_ftp(), "+QFTPOPEN:0")
        self.fails('AT+QFTPOPEN="127.0.0.1",21', "IN_USE")
        self.assertEqual(self.ask('AT+QFTPCFG=4,"/RAM/f.bin"'), ["OK"])
        self.code(rb"\+QFTPCFG:0")
        self.assertEqual(self.ask('AT+QFTPGET="big.bin",300000'), ["OK"])
        self.assertEqual(self.code(rb"\+QFTPGET:-?\d+"), f"+QFTPGET:{len(BIG)}")
        self.assertEqual(self.read_file("RAM:f.bin"), BIG)
        self.assertEqual(self.ask('AT+QFTPPATH="/sub dir"'), ["OK"])
        self.code(rb"\+QFTPPATH:0")
        self.assertEqual(self.ask('AT+QFTPGET="a+b%.bin"'), ["OK"])
        self.assertEqual(self.code(rb"\+QFTPGET:-?\d+"), "+QFTPGET:8")
        self.assertEqual(self.read_file("RAM:f.bin"), b"odd name")
        self.assertEqual(self.ask('AT+QFTPGET="nothing"'), ["OK"])
        self.assertEqual(self.code(rb"\+QFTPGET:-?\d+"), f"+QFTPGET:-{cme('NOT_FOUND')}")
        self.assertEqual(self.ask("AT+QFTPCLOSE"), ["OK"])
        self.code(rb"\+QFTPCLOSE:0")
        self.fails("AT+QFTPCLOSE", "NO_CONNECTION")

    def test_ftp_login_fails(self):
        self.assertEqual(self.ask('AT+QFTPUSER="somebody"'), ["OK"])
        self.assertEqual(self.open_ftp(), f"+QFTPOPEN:-{cme('ACCESS')}")
        self.assertEqual(self.open_ftp(servers.free_port()), f"+QFTPOPEN:-{cme('NETWORK')}")
        self.fails('AT+QFTPGET="big.bin"', "NO_CONNECTION")

    # TCP

    def test_tcp_with_manual_receive(self):
        with servers.FotaServe(FOTA, self.home, workshop() / "old.bin") as server:
            image = (workshop() / "old.bin").read_bytes()
            self.fails("AT+QISEND=3", "NO_CONNECTION")
            self.assertEqual(self.ask("AT+QINDI=1"), ["OK"])
            self.assertEqual(self.ask(f'AT+QIOPEN="TCP","127.0.0.1",{server.port}'), ["OK"])
            self.code(rb"CONNECT OK")
            self.fails(f'AT+QIOPEN="TCP","127.0.0.1",{server.port}', "IN_USE")
            for off, n in ((0, 10), (10, 4000), (80_000, 450)):
                request = b"GET / %d %d\n" % (off, n)
                self.at.write(b"AT+QISEND=%d\r" % len(request))
                self.at.read_until(rb"\r\n> ")
                self.at.write(request)
                self.at.read_until(rb"\r\nSEND OK\r\n")
                self.code(rb"\+QIRDI: 0,1,0")
                got = b""
                while b"\n" not in got or len(got) < got.index(b"\n") + 1 + n:
                    got += self.receive(700)
                self.assertEqual(got[got.index(b"\n") + 1:], image[off:off + n])
            self.assertEqual(self.ask("AT+QIRD=0,1,0,100"), ["OK"])
            server.stop()
            self.code(rb"CLOSED")
            self.fails("AT+QISEND=3", "NO_CONNECTION")
            self.at.write(b"AT+QICLOSE\r")
            self.at.read_until(rb"\r\nCLOSE OK\r\n")
            self.fails("AT+QICLOSE", "NO_CONNECTION")
            self.assertEqual(self.ask(f'AT+QIOPEN="TCP","127.0.0.1",{server.port}'), ["OK"])
            self.code(rb"CONNECT FAIL")

    def receive(self, n):
        self.at.write(b"AT+QIRD=0,1,0,%d\r" % n)
        head = self.at.read_until(rb"\A\r\n(OK|\+QIRD: [^\r]*|\+QIRDI: 0,1,0)\r\n")
        if b"+QIRD: " not in head:
            return b""
        n = int(head.rsplit(b",", 1)[1])
        while len(self.at.seen) < n:
            self.at.seen += self.at.port.read(max(1, self.at.port.in_waiting))
        data, self.at.seen = self.at.seen[:n], self.at.seen[n:]
        self.at.read_until(rb"\A\r\nOK\r\n")
        return data


if __name__ == "__main__":
    main()
