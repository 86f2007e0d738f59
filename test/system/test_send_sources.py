#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fota send from a web server behind a bad line, an FTP server, a TCP server and a FAT disk, each through a whole update of a
virtual module."""
import json
import os
import pathlib
import shutil
import tempfile
import unittest

import fat_images
import fault_proxy
import servers
from fotatest import FOTA, NEW, OLD, ModuleTest, code, fota, package, update_package


class SendFromEverywhere(ModuleTest):
    def setUp(self):
        super().setUp()
        os.umask(0o022)     # the FTP server reads as another user
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="fota-from-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.home.chmod(0o755)
        self.root = self.home / "root"
        self.root.mkdir()
        shutil.copy(update_package(), self.root / "update.fota")
        self.n_bytes = update_package().stat().st_size

    def update_from(self, source, *options):
        self.make()
        told = json.loads(fota("send", source, "--port", self.module.link, "--json", *options).stdout)
        self.assertEqual((told["ok"], told["version_before"], told["version_after"]), (True, OLD, NEW))
        self.assertEqual(told["package_bytes"], self.n_bytes)

    def test_web_server_behind_a_line_that_breaks(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            case = fault_proxy.Case()
            proxy = fault_proxy.serve(fault_proxy.HttpFaults, upstream=nginx.port, cases={"t": case})
            self.update_from(f"http://127.0.0.1:{proxy.port}/t/cut_each={self.n_bytes // 4}/update.fota")
            self.assertEqual(case.body_bytes, self.n_bytes)
            self.assertGreaterEqual(len(case.requests), 4)

    def test_web_server_with_tls(self):
        with servers.Nginx(self.home / "nginx", self.root) as nginx:
            url = f"https://127.0.0.1:{nginx.tls_port}/update.fota"
            self.update_from(url, "--ca", nginx.ca)
            self.make()
            fota("send", url, "--port", self.module.link, status=code("TLS"))
            self.assert_version(OLD)

    def test_ftp_server(self):
        with servers.Vsftpd(self.home / "ftp", self.root) as ftp:
            self.update_from(f"ftp://127.0.0.1:{ftp.port}/update.fota")

    def test_tcp_server(self):
        with servers.FotaServe(FOTA, self.home, self.root) as server:
            self.update_from(f"tcp://127.0.0.1:{server.port}/update.fota")

    def test_fat_disk_with_packages_for_several_versions(self):
        shutil.copy(package("back", base="new.bin", image="old.bin", from_version=NEW, to_version="M95FAR02A09"),
                    self.root / "back.fota")
        image = fat_images.image_of_folder(self.home / "usb.img", self.root)
        self.update_from(f"fat:{image}:/", "--from-version", OLD)


if __name__ == "__main__":
    unittest.main()
