#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fota send --through-module: the module fetches the package over its own network, from real nginx, vsftpd and `fota serve
--tcp`; the client sees nothing but one serial line."""
import json
import os
import pathlib
import shutil
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
