#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fota send --through-module: the module fetches the package over its own network, from real nginx, vsftpd and `fota serve
--tcp`; the client sees nothing but one serial line."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import fault_proxy
import servers
from fotatest import FOTA, NEW, OLD, ModuleTest, code, fota, update_package


class ThroughModule(ModuleTest):
    def setUp(self):
        super().setUp()
        os.umask(0o022)     # the FTP server reads as another user
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="fota-through-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.home.chmod(0o755)
        self.root = self.home / "root"
        self.root.mkdir()
        shutil.copy(update_package(), self.root / "update.fota")
        self.n_bytes = update_package().stat().st_size

    def through(self, url, *options, status=0):
        return fota("send", "--through-module", url, "--port", self.module.link, *options, status=status)

    def update_from(self, url, *options):
        self.make()
        told = json.loads(self.through(url, "--json", *options).stdout)
        self.assertEqual((told["ok"], told["version_before"], told["version_after"]), (True, OLD, NEW))
        self.assertEqual((told["package_bytes"], told["mode"]), (self.n_bytes, "QFAW"))
        self.assert_version(NEW)

    def test_http(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            self.update_from(f"http://127.0.0.1:{nginx.port}/update.fota")

    def test_ftp(self):
        with servers.Vsftpd(self.home / "ftp", self.root) as ftp:
            self.update_from(f"ftp://127.0.0.1:{ftp.port}/update.fota")

    def test_tcp(self):
        with servers.FotaServe(FOTA, self.home, self.root) as server:
            self.update_from(f"tcp://127.0.0.1:{server.port}/update.fota")


    # faults

    def finished(self, row, told, resumed=None):
        self.assertTrue(told["ok"], row)
        if resumed is not None:
            self.assertGreaterEqual(told["resumed_at"], resumed, row)
            self.assertEqual(told["sent_bytes"], self.n_bytes - told["resumed_at"], row)
        self.assert_version(NEW)
        TABLE[row] = TABLE.get(row, 0) + 1

    def cuts(self):
        return (5, self.n_bytes // 2)

    def test_servers_that_break(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            for cut in self.cuts():
                self.make()
                case = fault_proxy.Case()
                proxy = fault_proxy.serve(fault_proxy.HttpFaults, upstream=nginx.port, cases={"t": case})
                told = json.loads(self.through(f"http://127.0.0.1:{proxy.port}/t/cut={cut}/update.fota", "--json").stdout)
                self.finished("HTTP connection cut", told)
        with servers.Vsftpd(self.home / "ftp", self.root) as ftp:
            proxy = fault_proxy.ftp_proxy(ftp.port)
            for cut in self.cuts()[1:]:
                self.make()
                proxy.faults, proxy.cut_done, proxy.replied, proxy.body_bytes = {"cut_data": cut}, False, 0, 0
                told = json.loads(self.through(f"ftp://127.0.0.1:{proxy.port}/update.fota", "--json").stdout)
                self.finished("FTP data connection cut", told)
        with servers.FotaServe(FOTA, self.home, self.root) as server:
            proxy = fault_proxy.tcp_cut_proxy(server.port)
            for cut in self.cuts()[1:]:
                self.make()
                proxy.sent, proxy.cut_at = 0, cut
                told = json.loads(self.through(f"tcp://127.0.0.1:{proxy.port}/update.fota", "--json").stdout)
                self.finished("TCP connection cut", told)

    def test_servers_that_do_not_have_it(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            self.make()
            for path, error in (("nothing.fota", "NOT_FOUND"), ("private/x", "ACCESS")):
                self.through(f"http://127.0.0.1:{nginx.port}/{path}", status=code(error))
            (self.root / "page.html").write_text("<html>please log in" + "." * 1000)
            self.through(f"http://127.0.0.1:{nginx.port}/page.html", status=code("FORMAT"))
            (self.root / "half.fota").write_bytes(update_package().read_bytes()[:-100])
            self.through(f"http://127.0.0.1:{nginx.port}/half.fota", status=code("TRUNCATED"))
            self.through(f"http://127.0.0.1:{servers.free_port()}/x", status=code("NETWORK"))
            self.through("file:///etc/passwd", status=code("USAGE"))
            told = self.through("ftp://maker:secret%40@127.0.0.1/x", status=code("USAGE"))
            self.assertNotIn("secret", told.stdout + told.stderr)
            self.assert_version(OLD)
            self.finished("what no server has, then the package", json.loads(
                self.through(f"http://127.0.0.1:{nginx.port}/update.fota", "--json").stdout))

    def start_slowly(self, url):
        """fota send whose lines are read one by one, to stop it where something has happened."""
        process = subprocess.Popen([str(FOTA), "send", "--through-module", url, "--port", self.module.link, "-v"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def run_until(self, process, pattern, count=1):
        for line in process.stdout:
            if re.search(pattern, line):
                count -= 1
            if count == 0:
                return
        self.fail(f"no {pattern}")

    def end(self, process):
        process.kill()
        process.wait(20)
        process.stdout.close()

    def test_host_killed_and_a_new_one_sends_what_is_missing(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx, \
                servers.FotaServe(FOTA, self.home, self.root) as server:
            for url, pattern, count, least in (
                    (f"http://127.0.0.1:{nginx.port}/slow/update.fota", "CONNECT$", 1, 0),
                    (f"http://127.0.0.1:{nginx.port}/update.fota", "CONNECT 450", 20, 4096),
                    (f"http://127.0.0.1:{nginx.port}/update.fota", "CONNECT 450", 45, 16384),
                    (f"tcp://127.0.0.1:{server.port}/update.fota", "QIRD: ", 25, 4096)):
                self.make()
                process = self.start_slowly(url)
                self.run_until(process, pattern, count)
                self.end(process)
                told = json.loads(self.through(url, "--json").stdout)
                self.finished("host killed, new one goes on", told, least)

    def test_what_is_in_the_module_is_not_downloaded_again(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            self.make()
            url = f"http://127.0.0.1:{nginx.port}/update.fota"
            process = self.start_slowly(url)
            self.run_until(process, "CONNECT 450", 25)
            self.end(process)
        told = json.loads(self.through(url, "--json").stdout)    # no server any more
        self.finished("host killed, server gone", told, 4096)

    def test_module_loses_its_power(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            url = f"http://127.0.0.1:{nginx.port}"
            for path, pattern, count, least in (("slow/update.fota", "CONNECT$", 1, 0),
                                                ("update.fota", "CONNECT 450", 30, 8192)):
                self.make()
                process = self.start_slowly(f"{url}/{path}")
                self.run_until(process, pattern, count)
                self.module.kill()
                process.wait(60)
                self.assertNotEqual(process.returncode, 0)
                self.end(process)
                self.start()
                told = json.loads(self.through(f"{url}/update.fota", "--json").stdout)
                self.finished("module without power, on again", told, least)

    def test_module_resets_while_it_downloads(self):
        """Commands of somebody else on the same line: the reset is noticed by RDY, everything is done again."""
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            self.make()
            process = self.start_slowly(f"http://127.0.0.1:{nginx.port}/slow/update.fota")
            self.run_until(process, "CONNECT$")
            with open(self.module.link, "wb", buffering=0) as line:
                line.write(b"\rAT+CFUN=1,1\r" * 3)
            self.run_until(process, "updated: ")
            self.assertEqual(process.wait(60), 0)
            process.stdout.close()
            self.assert_version(NEW)
            TABLE["module reset in the download"] = 1


TABLE = {}


def print_table():
    for row, times in sorted(TABLE.items()):
        print(f"{row:45} {times:4} injected, all updated")


unittest.addModuleCleanup(print_table)


if __name__ == "__main__":
    unittest.main()
