#!/usr/bin/env python3
"""Serial programs that know nothing of fota: python3-serial, ppp's chat, minicom's runscript, picocom,
gammu.  Each finds out who the module is; those that can be scripted do a whole update in both modes from
the text of the application note alone, up to the ATI that shows the new version."""
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time

import serial

from fotatest import NEW, OLD, SLOW, ModuleTest, main, make_image, package, workshop

GUARD = 1.1       # seconds of silence around +++, as ITU-T modems want it
CHUNK = 150       # bytes in one AT+QFAW: at most 450
SUCCESS = "Quectel firmware update success. status=0"
PROGRAM_SECONDS = 60 * SLOW
os.environ["PATH"] += ":/usr/sbin"  # chat is there


def small_package():
    """Path of a package of a few hundred bytes: chat sends a hundred characters in a second."""
    shop = workshop()
    if not (shop / "twin-old.bin").exists():
        old = make_image(OLD, 20_000, seed=7)
        (shop / "twin-old.bin").write_bytes(old)
        (shop / "twin-new.bin").write_bytes(old.replace(OLD.encode(), NEW.encode()) + bytes(range(64)))
    return package("twin", base="twin-old.bin", image="twin-new.bin")


def hex_pieces(data):
    """The application note's conversion, "%02X"."""
    return ["".join("%02X" % byte for byte in data[at:at + CHUNK]) for at in range(0, len(data), CHUNK)]


class Strangers(ModuleTest):
    def setUp(self):
        super().setUp()
        self.data = small_package().read_bytes()
        self.assertGreater(len(hex_pieces(self.data)), 1)
        self.make(image="twin-old.bin")

    def on_the_line(self, *command, **more):
        """Run a program whose standard input and output are the line."""
        fd = os.open(self.module.link, os.O_RDWR | os.O_NOCTTY)
        try:
            done = subprocess.run(command, stdin=fd, stdout=fd, stderr=subprocess.PIPE,
                                  timeout=PROGRAM_SECONDS, check=False, **more)
        finally:
            os.close(fd)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stderr.decode(errors='replace')}")

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path


class PythonSerial(Strangers):
    """serial.Serial and nothing else."""

    def open(self, flow_control):
        port = serial.Serial(self.module.link, 115200, timeout=10 * SLOW, rtscts=flow_control)
        self.addCleanup(port.close)
        return port

    def ask(self, port, line, end):
        port.write(line + b"\r")
        answer = port.read_until(end)
        self.assertTrue(answer.endswith(end), answer)
        return answer

    def follow(self, port):
        answer = port.read_until(b"status=0\r\n")
        self.assertIn(b" Update  percent = 100%\r\n", answer)
        self.assertIn(SUCCESS.encode(), answer)
        self.assertTrue(port.read_until(b"RDY\r\n").endswith(b"Rebooting....\r\n\r\nRDY\r\n"))
        self.assertIn(NEW.encode(), self.ask(port, b"ATI", b"OK\r\n"))

    def test_updates_by_data_mode(self):
        with self.open(flow_control=True) as port:
            self.assertIn(OLD.encode(), self.ask(port, b"ATI", b"OK\r\n"))
            self.ask(port, b"AT+QFUA", b"OK\r\n\r\nCONNECT\r\n")
            port.write(self.data)
            port.flush()
            time.sleep(GUARD)
            port.write(b"+++")
            time.sleep(GUARD)
            self.follow(port)

    def test_updates_by_commands(self):
        with self.open(flow_control=False) as port:
            self.assertIn(OLD.encode(), self.ask(port, b"ATI", b"OK\r\n"))
            self.ask(port, b"AT+QFAI", b"OK\r\n")
            for piece in hex_pieces(self.data):
                self.ask(port, f'AT+QFAW="{piece}"'.encode(), b"OK\r\n")
            port.write(b"AT+QFAU\r")
            self.follow(port)


class Chat(Strangers):
    """ppp's chat: pairs of what to expect and what to send."""

    def chat(self, *pairs):
        quoted = [f"'{expect}' '{send}'\n" for expect, send in pairs]
        script = "ABORT ERROR\nABORT failed\nTIMEOUT 30\n" + "".join(quoted)
        self.on_the_line("chat", "-s", "-S", "-V", "-f", self.write("chat-script", script))

    def end(self):
        return [("percent = 100%", "\\c"), (SUCCESS, "\\c"), ("Rebooting....", "\\c"), ("RDY", "ATI"),
                (f"Revision: {NEW}", "\\c"), ("OK", "\\c")]

    def test_updates_by_data_mode(self):
        data = ["".join(f"\\{byte:03o}" for byte in self.data[at:at + 100]) + "\\c"
                for at in range(0, len(self.data), 100)]
        self.chat(("", "ATI"), (f"Revision: {OLD}", "\\c"), ("OK", "AT+QFUA"), ("CONNECT\\r\\n", data[0]),
                  *(("", piece) for piece in data[1:]), ("", "\\d\\p+++\\d\\p\\c"), *self.end())

    def test_updates_by_commands(self):
        self.chat(("", "ATI"), (f"Revision: {OLD}", "\\c"), ("OK", "AT+QFAI"),
                  *(("OK", f'AT+QFAW="{piece}"') for piece in hex_pieces(self.data)),
                  ("OK", "AT+QFAU"), *self.end())


class Runscript(Strangers):
    """minicom's runscript."""

    def run_script(self, *steps):
        """Steps are lines of the script, or in a tuple what to wait for."""
        text = "timeout 60\nverbose off\n"
        for step in steps:
            if isinstance(step, tuple):
                step = "expect {\n" + "".join(f'  "{line}" break\n' for line in step) + \
                       '  "ERROR" exit 2\n  "failed" exit 3\n  timeout 30 exit 4\n}'
            text += step + "\n"
        self.on_the_line("runscript", self.write("script", text + "exit 0\n"))

    def end(self):
        return [("percent = 100%",), (SUCCESS,), ("Rebooting....",), ("RDY",), 'send "ATI"', (f"Revision: {NEW}",),
                ("OK",)]

    def begin(self):
        return ['send "ATI"', (f"Revision: {OLD}",), ("OK",)]

    def test_updates_by_data_mode(self):
        self.run_script(*self.begin(), 'send "AT+QFUA"', ("CONNECT",), "sleep 1", f"!< cat {small_package()}", "sleep 2",
                        'send "+++\\c"', "sleep 2", *self.end())

    def test_updates_by_commands(self):
        writes = []
        for number, piece in enumerate(hex_pieces(self.data)):
            self.write(f"piece-{number}", f'AT+QFAW="{piece}"\r')  # longer than what `send` takes
            writes += [f"!< cat {self.directory}/piece-{number}", ("OK",)]
        self.run_script(*self.begin(), 'send "AT+QFAI"', ("OK",), *writes, 'send "AT+QFAU"', *self.end())


class Terminal:
    """picocom with somebody at its keyboard."""

    def __init__(self, *arguments):
        self.fd, inner = pty.openpty()
        termios.tcsetwinsize(inner, (24, 200))  # without a size picocom asks the terminal for it
        self.process = subprocess.Popen(["picocom", *arguments], stdin=inner, stdout=inner, stderr=inner)
        os.close(inner)
        self.seen = ""

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds * SLOW
        while not (found := re.search(pattern, self.seen)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} on the screen: {self.seen!r}")
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        self.seen = self.seen[found.end():]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


class Picocom(Strangers):
    def terminal(self, *arguments):
        terminal = Terminal("--baud", "115200", *arguments, self.module.link)
        self.addCleanup(terminal.close)
        terminal.wait_for("Terminal ready")
        terminal.type("ATI\r")
        terminal.wait_for(f"Revision: {OLD}\r\n\r\nOK\r\n")
        return terminal

    def follow(self, terminal):
        terminal.wait_for("percent = 100%")
        terminal.wait_for(SUCCESS)
        terminal.wait_for(r"Rebooting\.\.\.\.\r\n\r\nRDY\r\n")
        terminal.type("ATI\r")
        terminal.wait_for(f"Revision: {NEW}\r\n\r\nOK\r\n")
        terminal.type("\x01\x18")  # C-a C-x
        terminal.wait_for("Thanks for using picocom")
        self.assertEqual(terminal.process.wait(10), 0)

    def test_asks_who_it_is_without_a_keyboard(self):
        done = subprocess.run(["picocom", "--quiet", "--exit-after", "500", "--initstring", "ATI\r", self.module.link],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PROGRAM_SECONDS, check=True)
        answer = f"ATI\r\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: {OLD}\r\n\r\nOK\r\n"
        self.assertTrue(done.stdout.decode().endswith(answer), done.stdout)

    def test_updates_by_data_mode(self):
        terminal = self.terminal("--flow", "hard", "--send-cmd", "cat")
        terminal.type("AT+QFUA\r")
        terminal.wait_for("OK\r\n\r\nCONNECT\r\n")
        terminal.type("\x01\x13")  # C-a C-s: send a file
        terminal.wait_for("file: ")
        terminal.type(f"{small_package()}\r")
        terminal.wait_for("exit status: 0")
        time.sleep(GUARD)
        terminal.type("+++")
        time.sleep(GUARD)
        self.follow(terminal)

    def test_updates_by_commands(self):
        terminal = self.terminal("--flow", "none")
        terminal.type("AT+QFAI\r")
        terminal.wait_for("OK\r\n")
        for piece in hex_pieces(self.data):
            terminal.type(f'AT+QFAW="{piece}"\r')
            terminal.wait_for("OK\r\n")
        terminal.type("AT+QFAU\r")
        self.follow(terminal)


class Gammu(Strangers):
    NO_SIM_STATUS = 149  # it asks for the IMSI last, and ends by that error
    # What gammu 1.42 asks, and the answer; the makers' own commands are not ours.
    ANSWERS = {
        "AT": ["OK"],
        "ATE1": ["OK"],
        "AT+CMEE=1": ["OK"],
        "AT+CSCS?": ['+CSCS: "IRA"', "OK"],
        "AT+CSCS=?": ['+CSCS: ("IRA")', "OK"],
        "AT+CFUN=1": ["OK"],
        "AT+CGMI": ["Quectel_Ltd", "OK"],
        "AT+CGMM": ["Quectel_M95", "OK"],
        "AT+CGMR": [f"Revision: {OLD}", "OK"],
        "AT+CGSN": ["867223020000000", "OK"],
        "AT+CIMI": ["+CME ERROR: 10"],
        "AT+MODE=2": ["ERROR"],
        "AT+CPROT=?": ["ERROR"],
        "AT+SYNCML=?": ["ERROR"],
        "AT$TSSPCSW=?": ["ERROR"],
        "AT+CHUP=?": ["ERROR"],
    }

    def test_identifies_the_module(self):
        log = self.directory / "gammu.log"
        config = self.write("gammurc", f"[gammu]\ndevice = {self.module.link}\nconnection = at\n"
                                       f"logfile = {log}\nlogformat = text\n")
        done = subprocess.run(["gammu", "--config", config, "--identify"], stdout=subprocess.PIPE, text=True,
                              timeout=PROGRAM_SECONDS, check=False)
        self.assertIn("Can not access SIM card.", done.stdout)
        self.assertEqual(done.returncode, self.NO_SIM_STATUS, done.stdout)
        told = dict(re.findall(r"^(\w+) +: (.*)$", done.stdout, re.M))
        self.assertEqual(told["Manufacturer"], "Quectel_Ltd")
        self.assertIn("Quectel_M95", told["Model"])
        self.assertEqual(told["Firmware"], OLD)
        self.assertEqual(told["IMEI"], "867223020000000")

        text = log.read_text(errors="replace")
        answers = {}
        for number, line in re.findall(r'^(?:.*: )?(\d+) "(.*)"$', text, re.M):
            if number == "1":
                answers[line] = current = []
            else:
                current.append(line)
        self.assertEqual(answers, self.ANSWERS, text)


class WithoutSim(Strangers):
    """What 3GPP TS 27.007 lets a module without SIM card and radio answer."""

    def test_numbers_and_texts_of_the_standard(self):
        client = self.client()
        client.command("ATE0")
        sim = {"0": ["ERROR"], "1": ["+CME ERROR: 10"], "2": ["+CME ERROR: SIM not inserted"]}
        for mode, refusal in sim.items():
            client.command(f"AT+CMEE={mode}")
            for command in "AT+CPIN?", 'AT+CPIN="0000"', "AT+CIMI":
                with self.subTest(command=command, mode=mode):
                    self.assertEqual(client.command(command), refusal)
        for command, answer in {
                "AT+CPIN=?": ["OK"],
                "AT+CIMI=?": ["OK"],
                "AT+CREG?": ["+CREG: 0,0", "OK"],
                "AT+CREG=?": ["+CREG: (0)", "OK"],
                "AT+CREG=0": ["OK"],
                "AT+CREG=2": ["ERROR"],
                "AT+CREG": ["ERROR"],
                "AT+CSQ": ["+CSQ: 99,99", "OK"],
                "AT+CSQ=?": ["+CSQ: (0-31,99),(0-7,99)", "OK"],
                "AT+CSQ?": ["ERROR"],
                'AT+CSCS="IRA"': ["OK"],
                'AT+CSCS="UCS2"': ["ERROR"],
                "AT+CSCS": ["ERROR"],
                "ATI0": ["Quectel_Ltd", "Quectel_M95", f"Revision: {OLD}", "OK"],
                "ATI9": ["ERROR"],
                "AT+GMI;+GMM;+GMR;+GSN": ["Quectel_Ltd", "Quectel_M95", f"Revision: {OLD}", "867223020000000",
                                          "OK"],
        }.items():
            with self.subTest(command=command):
                self.assertEqual(client.command(command), answer)


if __name__ == "__main__":
    sys.exit(main())
