#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The maker's keys: keygen, passphrases, and signing by a program of the maker's.  Where openssl reads or signs too, it is
run beside us.

usage: test_signing.py BUILD_DIR
"""
import json
import os
import pty
import stat
import subprocess
import sys
import time
import unittest

from cli_case import (FOTA, OK, USAGE, IO, EXISTS, KEY, Case)


class Signing(Case):
    def sign_full(self, key, *args, out="o", code=OK):
        return self.run_fota("diff", "--key", key, "--product", "M95", "--to-version", "A08", "--full", "new.bin", "-o", out,
                             *args, code=code)


class Keygen(Signing):
    def test_a_pair_is_made_that_openssl_reads(self):
        run = self.run_fota("keygen", "k")
        self.assertIn("k.key", run.stdout)
        self.assertEqual(stat.S_IMODE(os.stat(self.dir / "k.key").st_mode), 0o600)
        self.assertTrue(self.get("k.pub").startswith(b"-----BEGIN PUBLIC KEY-----"))
        public = subprocess.run(["openssl", "pkey", "-in", "k.key", "-pubout"], cwd=self.dir, check=True,
                                capture_output=True).stdout
        self.assertEqual(public, self.get("k.pub"))

    def test_two_pairs_differ(self):
        self.run_fota("keygen", "-q", "a")
        self.run_fota("keygen", "-q", "b")
        self.assertNotEqual(self.get("a.pub"), self.get("b.pub"))

    def test_existing_files_stay_unless_forced(self):
        for name in ("k.key", "k.pub"):
            self.put(name, "precious")
            self.run_fota("keygen", "k", code=EXISTS)
            (self.dir / name).unlink()
        self.put("k.key", "precious")
        self.run_fota("keygen", "-f", "k")
        self.assertIn(b"PRIVATE KEY", self.get("k.key"))

    def test_a_key_that_openssl_made_signs(self):
        subprocess.run("openssl genpkey -algorithm ed25519 -out o.key && openssl pkey -in o.key -pubout -out o.pub",
                       shell=True, cwd=self.dir, check=True)
        self.sign_full("o.key")
        self.run_fota("verify", "--pub", "o.pub", "o")

    def test_it_needs_one_name_and_a_place_to_write(self):
        self.run_fota("keygen", code=USAGE)
        self.run_fota("keygen", "a", "b", code=USAGE)
        self.run_fota("keygen", "", code=USAGE)
        self.run_fota("keygen", "nowhere/k", code=IO)

    def test_json(self):
        doc = json.loads(self.run_fota("keygen", "--json", "k").stdout)
        self.assertEqual((doc["private_key"], doc["public_key"]), ("k.key", "k.pub"))
        self.assertRegex(doc["key_id"], "^[0-9a-f]{8}$")

    def test_an_encrypted_key_is_opened_by_its_passphrase_and_by_openssl(self):
        self.put("pass", "correct horse\nsecond line\n")
        self.put("wrong", "correct horsf\n")
        self.put("empty", "")
        self.put("long", "x" * 256)
        self.run_fota("keygen", "--passphrase-file", "pass", "k")
        self.assertIn(b"ENCRYPTED PRIVATE KEY", self.get("k.key"))
        public = subprocess.run(["openssl", "pkey", "-in", "k.key", "-passin", "pass:correct horse", "-pubout"],
                                cwd=self.dir, check=True, capture_output=True).stdout
        self.assertEqual(public, self.get("k.pub"))
        self.sign_full("k.key", "--passphrase-file", "pass")
        self.run_fota("verify", "--pub", "k.pub", "o")
        for name, code in (("wrong", KEY), ("empty", KEY), ("long", KEY), ("nowhere", IO)):
            self.sign_full("k.key", "--passphrase-file", name, out="x", code=code)
        self.sign_full("k.key", out="x", code=KEY)   # no terminal, nothing on standard input
        for name, code in (("empty", KEY), ("nowhere", IO)):
            self.run_fota("keygen", "--passphrase-file", name, "n", code=code)

    def test_a_passphrase_is_asked_for_at_the_terminal_without_echo(self):
        self.at_terminal(["keygen", "--passphrase", "k"], ["hidden word", "hidden word"], OK)
        self.assertIn(b"ENCRYPTED PRIVATE KEY", self.get("k.key"))
        command = ["diff", "-q", "--key", "k.key", "--product", "M95", "--to-version", "A08", "--full", "new.bin", "-o"]
        self.at_terminal(command + ["o"], ["hidden word"], OK)
        self.run_fota("verify", "--pub", "k.pub", "o")
        self.at_terminal(command + ["x"], ["hidden work"], KEY)
        self.assertFalse((self.dir / "x").exists())

    def test_two_different_passphrases_make_no_key(self):
        self.at_terminal(["keygen", "--passphrase", "k"], ["aleph", "beth"], KEY)
        self.assertFalse((self.dir / "k.key").exists())

    def at_terminal(self, args, answers, code):
        """Run with a terminal of its own, and answer what it asks; what is typed never shows."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execv(FOTA, ["fota", *args])
        shown, wanted = b"", list(answers)
        while True:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if wanted and shown.rstrip(b" ").endswith(b":"):
                time.sleep(0.1)   # it flushes what was typed before it asked
                os.write(fd, wanted.pop(0).encode() + b"\n")
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
        self.assertEqual(status, code, shown)
        self.assertEqual(wanted, [], shown)
        for answer in answers:
            self.assertNotIn(answer.encode(), shown)


class SignCommand(Signing):
    OPENSSL = "openssl pkeyutl -sign -rawin -inkey maker.key -in /dev/stdin"

    def by_command(self, command, *args, out="o", pub="maker.pub", code=OK):
        return self.run_fota("diff", "--sign-command", command, "--pub", pub, "--product", "M95", "--from-version", "A07",
                             "--to-version", "A08", "old.bin", "new.bin", "-o", out, *args, code=code)

    def test_a_command_makes_the_package_that_the_key_makes(self):
        self.by_command(self.OPENSSL)
        self.assertEqual(self.get("o"), self.package)

    def test_key_and_command_sign_together(self):
        self.by_command(self.OPENSSL, "--key", "other.key")
        self.run_fota("verify", "--pub", "maker.pub", "o")
        self.run_fota("verify", "--pub", "other.pub", "o")

    def test_a_command_that_does_not_sign_leaves_no_package(self):
        for command, reason in (("false", "ends with status 1"), ("true", "writes 0 bytes"),
                                ("cat", "writes at least 65 bytes"), ("head -c 64 /dev/zero", "no signature")):
            run = self.by_command(command, out="x", code=KEY)
            self.assertIn(reason, run.stderr)
        self.by_command(self.OPENSSL, out="x", pub="other.pub", code=KEY)
        self.by_command(self.OPENSSL, out="x", pub="nowhere", code=IO)

    def test_wrong_usage(self):
        rest = ["--product", "M95", "--to-version", "A08", "--full", "new.bin", "-o", "x"]
        self.run_fota("diff", "--sign-command", self.OPENSSL, *rest, code=USAGE)
        self.run_fota("diff", "--pub", "maker.pub", "--key", "maker.key", *rest, code=USAGE)
        self.run_fota("diff", *["--key", "maker.key"] * 4, "--sign-command", "x", "--pub", "maker.pub", *rest, code=USAGE)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
