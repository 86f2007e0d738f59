#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packages from web, FTP and TCP servers and from disks, with every fault that line, server and disk can have.

usage: sources_test.py FOLDER_OF_PROGRAMS [STRIDE]

Real nginx, vsftpd, `fota serve`, mkfs.vfat and mtools.  In every case the client either ends with exactly the bytes of
one version of the package, or with an error that is expected for the fault; what it handed over before is a prefix of
one version.  STRIDE > 1 thins out the cuts that are otherwise made at every byte (sanitizer builds).  Prints one table.
"""
import collections
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import fat_images
import fault_proxy
import servers
from package_maker import make_package

OK, USAGE, IO, NOMEM, FORMAT, TRUNCATED, BODY_HASH, OVERLONG = 0, 2, 3, 5, 10, 11, 24, 29
SERVER, NOT_FOUND, ACCESS, TLS, NETWORK, CHANGED, TOO_LARGE, VALIDATOR, DISK, CHOICE = range(60, 70)
WINDOW = 100


class Answer(collections.namedtuple("Answer", "code size handed ms place detail reports data")):
    pass


class Probe:
    """test/source_probe.c, one process for many orders."""

    def __init__(self, program, folder):
        self.out = folder / "handed-over"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, url, **options):
        words = {"backoff": 1, "tries": 5, "piece": 100, "out": self.out, **options}
        order = " ".join(f"{key}={value}" for key, value in words.items())
        self.process.stdin.write(f"{order} url={url}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"probe died of: {order} url={url}")
        numbers, detail, reports = line.rstrip("\n").split(" | ")
        code, size, handed, ms, place = numbers.split(" ", 4)
        data = self.out.read_bytes() if self.out.exists() else b""
        return Answer(int(code), int(size), int(handed), int(ms), place, detail, reports, data)

    def end(self):
        self.process.stdin.close()
        if self.process.wait(20) != 0:
            raise SystemExit("probe failed at its end")


class Table:
    def __init__(self):
        self.rows = {}
        self.faults = 0

    def add(self, row, outcome):
        self.rows.setdefault(row, collections.Counter())[outcome] += 1

    def fail(self, row, text):
        self.faults += 1
        self.add(row, "WRONG")
        if self.faults < 20:
            print(f"WRONG: {row}: {text}")

    def show(self):
        width = max(len(row) for row in self.rows)
        print(f"{'fault':<{width}}  injected  outcome")
        for row, counts in self.rows.items():
            outcome = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
            print(f"{row:<{width}}  {sum(counts.values()):>8}  {outcome}")


NAMES = {OK: "finished", USAGE: "USAGE", IO: "IO", NOMEM: "NOMEM", FORMAT: "FORMAT", TRUNCATED: "TRUNCATED", BODY_HASH: "BODY_HASH",
         OVERLONG: "OVERLONG", SERVER: "SERVER", NOT_FOUND: "NOT_FOUND", ACCESS: "ACCESS", TLS: "TLS",
         NETWORK: "NETWORK", CHANGED: "CHANGED", TOO_LARGE: "TOO_LARGE", VALIDATOR: "VALIDATOR", DISK: "DISK",
         CHOICE: "CHOICE"}


class Tests:
    def __init__(self, programs, stride, home):
        self.fota, self.home, self.stride = programs / "fota", home, stride
        self.programs = programs
        self.table = Table()
        self.probe = Probe(programs / "source_probe", home)
        self.root = home / "root"
        (self.root / "b").mkdir(parents=True)
        self.a, self.b = make_package(40, seed=1), make_package(40, seed=2)
        self.big = make_package(1 << 20, seed=3)
        self.put("small.fota", self.a)
        self.put("b/small.fota", self.b)
        self.put("twin.fota", self.b)
        self.put("big.fota", self.big)
        self.put("short.fota", self.a[:-20])
        self.put("long.fota", self.a + b"?")
        self.put("damaged.fota", self.a[:-1] + bytes([self.a[-1] ^ 1]))
        self.put("empty.fota", b"")
        self.put("seven.fota", self.a[:7])

    def put(self, name, data, when=1_600_000_000):
        (self.root / name).write_bytes(data)
        # the second version is younger; the twin is not
        seconds = when + 1000 if name.startswith("b/") else when
        os.utime(self.root / name, (seconds, seconds))

    def judge(self, row, answer, allowed, versions=None):
        """The two promises: allowed outcome, and never bytes of a mixed file."""
        versions = versions or (self.a, self.b)
        if answer.code not in allowed:
            self.table.fail(row, f"ends with {answer.code}, {answer}")
        elif answer.code == OK and answer.data not in versions:
            self.table.fail(row, f"finished with wrong bytes, {answer[:-1]}")
        elif not any(v.startswith(answer.data) for v in versions):
            self.table.fail(row, f"handed over mixed bytes, {answer[:-1]}")
        else:
            self.table.add(row, NAMES.get(answer.code, str(answer.code)))

    # HTTP

    def http(self, words, path="small.fota", **options):
        token = str(len(self.cases))
        case = self.cases[token] = fault_proxy.Case()
        url = f"http://127.0.0.1:{self.proxy.port}/{token}/{words}/{path}"
        return self.probe.ask(url, **options), case

    def http_cuts(self):
        whole, case = self.http("none")
        self.judge("http: none", whole, {OK})
        n_answer = case.sent
        for cut in range(0, n_answer + 1, self.stride):
            row = "http: connection cut at every byte of the answer"
            answer, case = self.http(f"cut={cut}")
            self.judge(row, answer, {OK})
            ranged = sum(1 for _, wanted in case.requests if wanted)
            if case.body_bytes > len(self.a) or case.if_ranges != ranged:
                self.table.fail(row, f"{case.body_bytes} body bytes for {len(self.a)}, {case.requests}")
            for words, row in () if cut % 5 else (
                    ("no_range", "http: ... and the server ignores ranges (200 for 206)"),
                    ("switch", "http: ... and the file is replaced meanwhile"),
                    ("switch,no_if_range", "http: ... and replaced, server ignores If-Range"),
                    ("switch,old_etag", "http: ... and replaced, server lies with the old ETag"),
                    ("switch,no_validator,no_if_range", "http: ... and replaced, no ETag, no Last-Modified"),
                    ("no_length", "http: ... and no Content-Length: cut looks like the end")):
                self.judge(row, self.http(f"cut={cut},{words}")[0], {OK})
        row = "http, 100-byte buffer: connection cut at every byte of all answers"
        whole, case = self.http("none", window=WINDOW)
        self.judge("http, 100-byte buffer: none", whole, {OK})
        step = 3 * self.stride
        for cut in range(0, case.sent + 1, step):
            self.judge(row, self.http(f"cut={cut}", window=WINDOW)[0], {OK})
            if cut % 9:
                continue
            self.judge("http, 100-byte buffer: ... and the server ignores ranges",
                       self.http(f"cut={cut},no_range", window=WINDOW)[0], {OK})
            self.judge("http, 100-byte buffer: ... and the file is replaced",
                       self.http(f"cut={cut},switch", window=WINDOW)[0], {OK, CHANGED})
            self.judge("http, 100-byte buffer: ... and replaced, server ignores If-Range",
                       self.http(f"cut={cut},switch,no_if_range", window=WINDOW)[0], {OK, CHANGED})

    def http_faults(self):
        cut = 350   # in the body: the head has about 270 bytes
        both = {OK, CHANGED}
        for words, allowed, path in (
                ("cut_each=1", {OK}, "small.fota"), ("cut_each=0", {NETWORK}, "small.fota"),
                (f"cut={cut},416=1", {OK}, "small.fota"), (f"cut={cut},416=always", {CHANGED, SERVER}, "small.fota"),
                ("416first", {SERVER}, "small.fota"),
                (f"cut={cut},new_etag", both, "small.fota"), (f"cut={cut},weak", {OK}, "small.fota"),
                (f"cut={cut},no_validator", {OK}, "small.fota"),
                ("503=3", {OK}, "small.fota"), ("503=99", {SERVER}, "small.fota"),
                (f"redirect,cut={cut}", {OK}, "small.fota"),
                ("length=50", {OK, TRUNCATED, NETWORK}, "small.fota"), ("length=-50", {SERVER}, "small.fota"),
                ("first_length=50", {OK}, "small.fota"), ("first_length=-50", {OK}, "small.fota"),
                (f"length={-len(self.a)}", {SERVER, TRUNCATED}, "small.fota"),
                ("more=1", {OVERLONG}, "small.fota"), ("more=5000000", {OVERLONG}, "small.fota"),
                (f"cut={cut},range=none", {SERVER}, "small.fota"), (f"cut={cut},range=multipart", {SERVER}, "small.fota"),
                (f"cut={cut},range=before", {SERVER}, "small.fota"), (f"cut={cut},range=behind", {SERVER}, "small.fota"),
                (f"cut={cut},range=beyond", {SERVER}, "small.fota"), (f"cut={cut},range=backward", {SERVER}, "small.fota"),
                (f"cut={cut},range=total", {OK, SERVER}, "small.fota"), (f"cut={cut},range=junk", {SERVER}, "small.fota"),
                ("encoding=gzip", {SERVER}, "small.fota"), ("encoding=identity", {OK}, "small.fota"),
                ("login", {FORMAT}, "small.fota"), ("long_header", {NOMEM, NETWORK}, "small.fota"),
                ("not_http", {SERVER, NETWORK}, "small.fota"),
                ("none", {TRUNCATED}, "short.fota"), ("none", {OVERLONG}, "long.fota"),
                ("none", {BODY_HASH}, "damaged.fota"), ("none", {TRUNCATED, FORMAT}, "empty.fota"),
                ("none", {TRUNCATED, FORMAT}, "seven.fota")):
            name = words.replace(f"cut={cut},", "cut, ") if path == "small.fota" else f"file on the server: {path}"
            self.judge(f"http: {name}", self.http(words, path)[0], allowed)
        for seconds, allowed in (("1", {OK}), ("9999", {SERVER})):
            answer, _ = self.http(f"429={seconds}")
            self.judge(f"http: 429, Retry-After: {seconds}", answer, allowed)
            if (answer.ms < 1000) != (seconds == "9999"):
                self.table.fail("http: 429", f"took {answer.ms} ms")
        for at in (0, 100, 350):
            self.judge("http: stalls", self.http(f"stall={at}", stall=300, connect=300)[0], {OK})
        for words, allowed in (("weak", {VALIDATOR}), ("no_validator", {VALIDATOR}), ("no_range", {OK}),
                               ("login", {FORMAT}), ("range=behind", {SERVER}), ("416=always", {CHANGED})):
            self.judge(f"http, 100-byte buffer: {words}", self.http(words, window=WINDOW)[0], allowed)
        self.judge("http, buffer for all: no_validator, cut", self.http(f"cut={cut},no_validator", window=4096)[0], {OK})

    def http_real(self, nginx):
        plain, tls = f"http://127.0.0.1:{nginx.port}", f"https://127.0.0.1:{nginx.tls_port}"
        small = (self.a,)
        for what, url, allowed, options in (
                ("no file", f"{plain}/nothing.fota", {NOT_FOUND}, {}), ("401", f"{plain}/private/x", {ACCESS}, {}),
                ("500", f"{plain}/broken/x", {SERVER}, {}), ("redirect", f"{plain}/moved/small.fota", {OK}, {}),
                ("redirects without end", f"{plain}/loop/x", {SERVER}, {}),
                ("redirect to ftp", f"{plain}/to-ftp/x", {SERVER}, {}),
                ("redirect from https to http", f"{tls}/to-plain/x", {SERVER}, {"ca": nginx.ca}),
                ("https", f"{tls}/small.fota", {OK}, {"ca": nginx.ca}),
                ("https, unknown CA", f"{tls}/small.fota", {TLS}, {}),
                ("https to a port that speaks http", f"https://127.0.0.1:{nginx.port}/small.fota", {NETWORK}, {}),
                ("nobody listens", "http://127.0.0.1:1/small.fota", {NETWORK}, {}),
                ("no such host", "http://nowhere.invalid/small.fota", {NETWORK}, {}),
                ("max_ranges 0", f"{plain}/no-ranges/small.fota", {OK}, {"window": WINDOW}),
                ("etag off, window", f"{plain}/no-etag/small.fota", {VALIDATOR}, {"window": WINDOW}),
                ("limit of size", f"{plain}/small.fota", {TOO_LARGE}, {"max": 100}),
                ("429 by limit_req", f"{plain}/limited/small.fota", {OK}, {}),
                ("429 by limit_req", f"{plain}/limited/small.fota", {OK}, {})):
            self.judge(f"nginx: {what}", self.probe.ask(url, **options), allowed, small)
        for window in (0, 4096, 65536):
            self.judge("nginx: 1 MiB", self.probe.ask(f"{tls}/big.fota", ca=nginx.ca, window=window, piece=450), {OK},
                       (self.big,))

    def resume_across_runs(self, nginx):
        """The second run asks for what is missing, and only that."""
        row = "http: process ends in the middle, next run goes on"
        for cut in range(280, 540, 13):
            cache = self.home / "kept.fota"
            cache.unlink(missing_ok=True)
            # one attempt, cut: the run fails and leaves its part
            token = str(len(self.cases))
            case = self.cases[token] = fault_proxy.Case()
            url = f"http://127.0.0.1:{self.proxy.port}/{token}/cut={cut}/small.fota"
            first = self.probe.ask(url, cache=cache, tries=1, out=self.home / "x")
            if first.code == OK:
                self.table.add(row, "finished")
                continue
            sent_before = case.body_bytes
            second = self.probe.ask(url, cache=cache)
            self.judge(row, second, {OK})
            if case.body_bytes != len(self.a) or case.requests[-1][1] != (f"{sent_before}-" and f"bytes={sent_before}-"
                                                                         if sent_before else ""):
                self.table.fail(row, f"cut {cut}: {case.body_bytes} bytes, {case.requests}")
            if cache.read_bytes() != self.a or (self.home / "kept.fota.part").exists():
                self.table.fail(row, "file is not in its place")
        row = "http: process ends before the whole file got its name, next run asks for one byte"
        part = self.home / "kept.fota.part"
        cache.unlink()
        part.write_bytes(self.a)
        token = str(len(self.cases))
        case = self.cases[token] = fault_proxy.Case()
        url = f"http://127.0.0.1:{self.proxy.port}/{token}/none/small.fota"
        pathlib.Path(f"{part}.from").write_text(f"{url}\nweak \n")
        self.judge(row, self.probe.ask(url, cache=cache), {OK}, (self.a,))
        if case.body_bytes != 1:
            self.table.fail(row, f"{case.body_bytes} bytes")
        row = "fota fetch killed, run again"
        out = self.home / "fetched.fota"
        run = [self.fota, "fetch", f"http://127.0.0.1:{nginx.port}/slow/big.fota", "-o", out]
        process = subprocess.Popen(run, stdout=subprocess.DEVNULL)
        part = self.home / "fetched.fota.part"
        end = time.monotonic() + 20
        while time.monotonic() < end and not (part.exists() and part.stat().st_size > 100_000):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        kept = part.stat().st_size
        run[2] = run[2].replace("/slow", "")
        part_from = self.home / "fetched.fota.part.from"
        part_from.write_text(part_from.read_text().replace("/slow", ""))
        again = subprocess.run([*run, "-v"], capture_output=True, text=True, timeout=60, check=False)
        if again.returncode == 0 and out.read_bytes() == self.big and f"byte {kept}: going on" in again.stderr:
            self.table.add(row, "finished")
        else:
            self.table.fail(row, f"{again}, kept {kept}")
        row = "fota fetch: bytes left by an earlier run are of another version"
        for left in (self.b[:100], self.b, self.b + b"?", b"junk", self.big[:5000]):
            out.unlink(missing_ok=True)
            url = f"http://127.0.0.1:{nginx.port}/small.fota"
            part.write_bytes(left)
            part_from.write_text(f"{url}\nweak \n")
            answer = self.probe.ask(url, cache=out)
            self.judge(row, answer, {OK}, (self.a,))

    # FTP

    def ftp_faults(self, ftp, ftps, ftpes, ca):
        proxy = fault_proxy.ftp_proxy(ftp.port)
        url = f"ftp://127.0.0.1:{proxy.port}/small.fota"

        def ask(**faults):
            proxy.faults, proxy.cut_done, proxy.replied, proxy.body_bytes = faults, False, 0, 0
            return self.probe.ask(url)

        self.judge("ftp: none", ask(), {OK})
        n_replies = proxy.replied
        for cut in range(0, len(self.a) + 1, self.stride):
            row = "ftp: data connection cut at every byte"
            self.judge(row, ask(cut_data=cut), {OK})
            if proxy.body_bytes > len(self.a):
                self.table.fail(row, f"{proxy.body_bytes} bytes of data for {len(self.a)}")
            for faults, row in (({"no_rest": 1}, "ftp: ... and REST is refused"),
                                ({"switch": "b/small.fota"}, "ftp: ... and the file is replaced"),
                                ({"switch": "twin.fota"}, "ftp: ... and replaced by one of the same date and size")):
                if cut % 9 == 0:
                    self.judge(row, ask(cut_data=cut, **faults), {OK})
        for cut in range(0, n_replies, 3 * self.stride):
            self.judge("ftp: control connection cut at every third byte", ask(cut_control=cut), {OK})
        for what, url, allowed, options in (
                ("no file", f"ftp://127.0.0.1:{ftp.port}/nothing.fota", {NOT_FOUND}, {}),
                ("user refused", f"ftp://somebody:x@127.0.0.1:{ftp.port}/small.fota", {ACCESS}, {}),
                ("buffer smaller than the file", f"ftp://127.0.0.1:{ftp.port}/small.fota", {VALIDATOR}, {"window": 64}),
                ("buffer for all", f"ftp://127.0.0.1:{ftp.port}/small.fota", {OK}, {"window": 4096}),
                ("ftps", f"ftps://127.0.0.1:{ftps.port}/small.fota", {OK}, {"ca": ca}),
                ("ftps, unknown CA", f"ftps://127.0.0.1:{ftps.port}/small.fota", {TLS}, {}),
                ("ftpes", f"ftpes://127.0.0.1:{ftpes.port}/small.fota", {OK}, {"ca": ca}),
                ("ftpes to a server without TLS", f"ftpes://127.0.0.1:{ftp.port}/small.fota", {TLS}, {}),
                ("short.fota", f"ftp://127.0.0.1:{ftp.port}/short.fota", {TRUNCATED}, {}),
                ("long.fota", f"ftp://127.0.0.1:{ftp.port}/long.fota", {OVERLONG}, {}),
                ("empty.fota", f"ftp://127.0.0.1:{ftp.port}/empty.fota", {TRUNCATED}, {})):
            self.judge(f"vsftpd: {what}", self.probe.ask(url, **options), allowed)
        self.judge("vsftpd: 1 MiB", self.probe.ask(f"ftp://127.0.0.1:{ftp.port}/big.fota"), {OK}, (self.big,))

    # TCP

    def tcp_faults(self):
        with servers.FotaServe(self.fota, self.home, self.root) as server:
            proxy = fault_proxy.tcp_cut_proxy(server.port)
            url = f"tcp://127.0.0.1:{proxy.port}/small.fota"

            def kill_and_restart():
                server.stop(signal.SIGKILL)
                server.start()

            def replace():
                self.put("small.fota", self.b, 1_700_000_000)

            for window in (0, WINDOW):
                name = "tcp" if window == 0 else "tcp, 100-byte buffer"
                proxy.sent, proxy.cut_at = 0, None
                self.judge(f"{name}: none", self.probe.ask(url, window=window), {OK})
                n_answers = proxy.sent
                for cut in range(0, n_answers + 1, self.stride):
                    proxy.sent, proxy.cut_at, proxy.on_cut = 0, cut, fault_proxy.nothing
                    self.judge(f"{name}: connection cut at every byte", self.probe.ask(url, window=window), {OK})
                    if cut % 7 == 0:
                        proxy.sent, proxy.cut_at, proxy.on_cut = 0, cut, replace
                        self.judge(f"{name}: ... and the file is replaced", self.probe.ask(url, window=window),
                                   {OK} if window == 0 else {OK, CHANGED})
                        self.put("small.fota", self.a)
                    if window == 0:
                        proxy.sent, proxy.cut_at, proxy.on_cut = 0, cut, kill_and_restart
                        self.judge(f"{name}: server killed at every byte and started again",
                                   self.probe.ask(url, tries=20), {OK})
            proxy.cut_at = None
            self.tcp_tampering(proxy, url)
            for what, path, allowed in (
                    ("no file", "nothing.fota", {NOT_FOUND}), ("hidden file", ".x", {USAGE}),
                    ("folder", "b", {NOT_FOUND}), ("way out", "..%2Fx", {USAGE}), ("short.fota", "short.fota", {TRUNCATED}),
                    ("long.fota", "long.fota", {OVERLONG}), ("empty.fota", "empty.fota", {TRUNCATED})):
                self.judge(f"tcp: {what}", self.probe.ask(f"tcp://127.0.0.1:{server.port}/{path}"), allowed)
            self.judge("tcp: 1 MiB", self.probe.ask(f"tcp://127.0.0.1:{server.port}/big.fota"), {OK}, (self.big,))
            self.tcp_strangers(server)

    def tcp_tampering(self, proxy, url):
        """Requests that are answered with something else than was asked for."""
        for what, change, allowed in (
                ("asks for another offset", lambda d: d.replace(b" 0 ", b" 1 "), {SERVER}),
                ("answers with another file", lambda d: d.replace(b"small", b"twin"), {OK}),
                ("does not understand", lambda d: b"HELO\n", {SERVER})):
            proxy.upward = change
            self.judge(f"tcp: {what}", self.probe.ask(url), allowed)
        proxy.upward = fault_proxy.same
        for window in (0, WINDOW):
            flips = [40]

            def flip_once(data):
                if flips and len(data) > 150:
                    at = len(data) - flips.pop()
                    data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
                return data

            proxy.downward = flip_once
            self.judge("tcp: a bit of the package flipped on the way", self.probe.ask(url, window=window), {OK}, (self.a,))
            if flips:
                self.table.fail("tcp: a bit of the package flipped on the way", "nothing was flipped")
        proxy.downward = fault_proxy.same

    def tcp_strangers(self, server):
        """Clients that misbehave do not disturb the others."""
        socks = []
        for junk in (b"", b"\x00\xff\n", b"GET /small.fota 0 99999999999\n", b"GET /../../etc/passwd 0 9\n", b"x" * 5000,
                     b"GET /small.fota -1 5\n", b"GET /big.fota 0 65536\n" * 30):
            for _ in range(10):
                sock = fault_proxy.socket.create_connection(("127.0.0.1", server.port), 5)
                sock.settimeout(5)
                try:
                    sock.sendall(junk)
                except OSError as error:
                    if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                        raise
                socks.append(sock)
            self.judge("tcp: 70 strangers send junk, or nothing, or do not read",
                       self.probe.ask(f"tcp://127.0.0.1:{server.port}/small.fota"), {OK})
        closed = 0
        for sock in socks:
            sock.settimeout(0.01)
            try:
                while sock.recv(65536):
                    pass
                closed += 1
            except (TimeoutError, ConnectionError) as error:
                closed += isinstance(error, ConnectionError)
            sock.close()
        if closed < len(socks) - 32:
            self.table.fail("tcp: server closes the longest silent", f"{closed} of {len(socks)}")
        with servers.FotaServe(self.fota, self.home, self.root / "small.fota") as one:
            for name, allowed in (("small.fota", {OK}), ("", {OK}), ("twin.fota", {NOT_FOUND})):
                self.judge("tcp: server of one file", self.probe.ask(f"tcp://127.0.0.1:{one.port}/{name}"), allowed,
                           (self.a,))

    # disks

    def disks(self):
        for image in fat_images.make_images(self.home / "images", self.a, self.big):
            path = f"fat:{image.file}:{image.path}"
            self.judge(f"{image.name}: read", self.probe.ask(path), {OK},
                       (pathlib.Path(image.reference).read_bytes(),))
            run = subprocess.run([self.programs / "disk_probe", image.file, image.path, image.reference,
                                  str(image.pull_step), str(image.flips // self.stride)],
                                 capture_output=True, text=True, timeout=60, check=False)
            words = run.stdout.split()
            if run.returncode != 0 or len(words) != 4:
                self.table.fail(f"{image.name}: disk pulled", f"{run}")
                continue
            pulled, finished, refused, other = map(int, words)
            for row, outcome, n in ((f"{image.name}: disk pulled at every block", "DISK", pulled),
                                    (f"{image.name}: one bit flipped in what was read of the disk", "finished", finished),
                                    (f"{image.name}: one bit flipped in what was read of the disk", "refused", refused),
                                    (f"{image.name}: one bit flipped in what was read of the disk", "other file's bytes", other)):
                if n:
                    self.table.rows.setdefault(row, collections.Counter())[outcome] += n
        self.folders()

    def folders(self):
        usb = self.home / "usb"
        usb.mkdir()
        names = {"1.0.fota": make_package(50), "1.1.FOTA": make_package(50, from_version="1.1", to_version="1.2"),
                 "full.fota": make_package(50, from_version="", to_version="1.2"),
                 "other.fota": make_package(50, product="DOOR"), ".1.0.fota": make_package(50), "junk.fota": b"FOTAjunk",
                 "note.txt": b"hello"}
        for name, data in names.items():
            (usb / name).write_bytes(data)
        image = fat_images.image_of_folder(self.home / "usb.img", usb)
        for place in (str(usb), f"fat:{image}:/"):
            kind = "mounted USB disk" if place == str(usb) else "FAT image"
            for version, product, wanted in (("1.0", "LAMP", "1.0.fota"), ("1.1", "LAMP", "1.1.FOTA"), ("0.9", "LAMP", "full.fota"),
                                             ("1.0", "DOOR", "other.fota"), ("9", "DOOR", None), ("1.0", "", None)):
                options = {"version": version, **({"product": product} if product else {})}
                answer = self.probe.ask(place, **options)
                self.judge(f"{kind}: choice of the package that fits", answer, {CHOICE} if wanted is None else {OK},
                           (names[wanted],) if wanted else ())
        for name, code in (("small", OK), ("short", TRUNCATED), ("long", OVERLONG), ("damaged", BODY_HASH), ("empty", FORMAT)):
            run = subprocess.run([self.fota, "fetch", self.root / f"{name}.fota", "-o", self.home / f"local-{name}"],
                                 capture_output=True, text=True, timeout=20, check=False)
            if run.returncode != code or (code == OK) != (self.home / f"local-{name}").exists():
                self.table.fail("fota fetch of a file: whole, short, long, damaged, empty", f"{name}: {run}")
            else:
                self.table.add("fota fetch of a file: whole, short, long, damaged, empty", NAMES[code])
        self.judge("file: no file", self.probe.ask(self.home / "nothing"), {NOT_FOUND})
        os.mkfifo(self.home / "fifo")
        self.judge("file: a pipe", self.probe.ask(self.home / "fifo"), {IO})
        self.judge("file: limit of size", self.probe.ask(self.root / "big.fota", max=1000), {TOO_LARGE})
        self.judge("fat: not an image", self.probe.ask(f"fat:{self.root}/big.fota:/x"), {DISK})
        self.judge("fat: no image", self.probe.ask(f"fat:{self.root}/nothing:/x"), {NOT_FOUND})

    def run(self):
        begin = time.monotonic()
        key = (self.home / "nginx/server.key", self.home / "nginx/server.crt")
        with servers.Nginx(self.home / "nginx", self.root) as nginx, \
                servers.Vsftpd(self.home / "ftp", self.root) as ftp, \
                servers.Vsftpd(self.home / "ftps", self.root, key, True) as ftps, \
                servers.Vsftpd(self.home / "ftpes", self.root, key, False) as ftpes:
            self.cases = {}
            self.proxy = fault_proxy.serve(fault_proxy.HttpFaults, upstream=nginx.port, cases=self.cases)
            for part in (self.http_cuts, self.http_faults, lambda: self.http_real(nginx),
                         lambda: self.resume_across_runs(nginx), lambda: self.ftp_faults(ftp, ftps, ftpes, nginx.ca),
                         self.tcp_faults, self.disks):
                part()
                print(f"[{time.monotonic() - begin:.1f} s]", flush=True)
        self.probe.end()
        self.table.show()
        total = sum(sum(counts.values()) for counts in self.table.rows.values())
        print(f"{total - self.table.faults} passed, {self.table.faults} failed")
        return 1 if self.table.faults else 0


def main():
    os.umask(0o022)     # the FTP server reads as another user
    programs = pathlib.Path(sys.argv[1]).resolve()
    stride = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    home = pathlib.Path(tempfile.mkdtemp(prefix="fota-sources-"))
    home.chmod(0o755)
    try:
        return Tests(programs, stride, home).run()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
