# SPDX-License-Identifier: MIT
"""Proxies between a client and a real server that do what bad lines and bad servers do.

HTTP: the address is /TOKEN/FAULT,FAULT.../path.  A token is one case of a test: what it has seen and sent is
counted.  FTP: the token stands in the proxy, which serves one case at a time.  TCP: the same.
"""
import re
import socket
import socketserver
import threading


class Case:
    """What one case is to suffer, and what was seen of it."""

    def __init__(self):
        self.requests = []      # (path, range header)
        self.if_ranges = 0      # requests with If-Range
        self.body_bytes = 0     # of packages, sent to the client
        self.sent = 0           # all bytes sent to the client
        self.cut_done = False


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass    # a connection that breaks is what this is for


def serve(handler, **attributes):
    server = Server(("127.0.0.1", 0), handler)
    for name, value in attributes.items():
        setattr(server, name, value)
    server.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def read_head(sock):
    """Bytes up to and with the empty line, and what came behind."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return data, b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def read_all(sock, data=b""):
    while piece := sock.recv(65536):
        data += piece
    return data


def drop_field(head, name):
    return re.sub(rb"(?im)^%s:.*\r\n" % name, b"", head)


def set_field(head, name, value):
    head = drop_field(head, name)
    return head[:-2] + name + b": " + value + b"\r\n\r\n"


LOGIN_PAGE = b"<html><body>Welcome to the hotel. Please log in.</body></html>"


class HttpFaults(socketserver.BaseRequestHandler):
    """Faults: see each `fault_...`; the number is that of the answer in its case, from 0."""

    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head, _ = read_head(self.request)
        if not head:
            return
        method, path, _ = head.split(b" ", 2)
        _, token, words, rest = path.decode().split("/", 3)
        case = self.server.cases[token]
        faults = dict(word.partition("=")[::2] for word in words.split(","))
        number = len(case.requests)
        wanted = re.search(rb"(?im)^range: *(.*)\r", head)
        case.requests.append((rest, wanted.group(1).decode() if wanted else ""))
        case.if_ranges += b"if-range:" in head.lower()
        answer = self.own_answer(faults, number, rest)
        if answer is None:
            answer = self.real_answer(head, method, rest, faults, number, case)
        self.send(case, faults, *answer)

    def own_answer(self, faults, number, rest):
        if "429" in faults and number == 0:
            return b"HTTP/1.1 429 Slow\r\nRetry-After: %s\r\nContent-Length: 3\r\n\r\n" % faults["429"].encode(), b"No\n"
        if "503" in faults and number < int(faults["503"]):
            return b"HTTP/1.1 503 Later\r\nContent-Length: 3\r\n\r\n", b"No\n"
        if "416" in faults and number >= 1 and (faults["416"] == "always" or number == 1):
            return b"HTTP/1.1 416 No\r\nContent-Range: bytes */7\r\nContent-Length: 0\r\n\r\n", b""
        if "416first" in faults:
            return b"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n", b""
        if "redirect" in faults and number % 2 == 0:
            return b"HTTP/1.1 302 Go\r\nLocation: %s\r\nContent-Length: 5\r\n\r\n" % \
                self.request_path.encode(), b"Moved"
        if "login" in faults:
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LOGIN_PAGE), LOGIN_PAGE
        if "long_header" in faults:
            return b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400000 + b"\r\n\r\n", b""
        if "not_http" in faults:
            return b"\x00\xff SSH-2.0-x\r\n\r\n", b""
        return None

    @property
    def request_path(self):
        return "/".join(["", self.token, self.words, self.rest])

    def real_answer(self, head, method, rest, faults, number, case):
        if "switch" in faults and case.cut_done:
            rest = "b/" + rest.rpartition("/")[2]
        ours = drop_field(drop_field(head, b"host"), b"connection")
        if "no_range" in faults:
            ours = drop_field(ours, b"range")
        if "no_if_range" in faults or "old_etag" in faults:
            ours = drop_field(ours, b"if-range")
        lines = ours.split(b"\r\n", 1)[1]
        with socket.create_connection(("127.0.0.1", self.server.upstream), 10) as real:
            real.sendall(method + b" /" + rest.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines)
            head, body = read_head(real)
            body = read_all(real, body)
        return self.distort(head, body, faults, number, case)

    def distort(self, head, body, faults, number, case):
        etag = re.search(rb"(?im)^etag: *(.*)\r", head)
        if number == 0:
            case.etag = etag.group(1) if etag else b""
        if "old_etag" in faults:
            head = set_field(head, b"ETag", case.etag)
        if "new_etag" in faults:
            head = set_field(head, b"ETag", b'"v%d"' % number)
        if "weak" in faults:
            head = set_field(drop_field(head, b"last-modified"), b"ETag", b"W/" + case.etag)
        if "no_validator" in faults:
            head = drop_field(drop_field(head, b"etag"), b"last-modified")
        if "length" in faults:
            head = set_field(head, b"Content-Length", b"%d" % max(0, len(body) + int(faults["length"])))
        if "first_length" in faults and number == 0:
            head = set_field(head, b"Content-Length", b"%d" % (len(body) + int(faults["first_length"])))
        if "no_length" in faults:
            head = drop_field(head, b"content-length")
        if "encoding" in faults:
            head = set_field(head, b"Content-Encoding", faults["encoding"].encode())
        if "more" in faults:
            head = drop_field(head, b"content-length")
            body += b"x" * int(faults["more"])
        if b" 206 " in head.split(b"\r\n")[0]:
            head = self.distort_range(head, body, faults)
        return head, body

    def distort_range(self, head, body, faults):
        first, last, total = map(int, re.search(rb"bytes (\d+)-(\d+)/(\d+)", head).groups())
        how = faults.get("range", "")
        if how == "none":
            return drop_field(head, b"content-range")
        if how == "multipart":
            return set_field(drop_field(head, b"content-range"), b"Content-Type", b"multipart/byteranges; boundary=x")
        shift = {"before": (-1, -1, 0), "behind": (1, 1, 1), "total": (0, 0, 5), "beyond": (0, 9999, 0),
                 "backward": (0, -len(body) - 1, 0)}.get(how, (0, 0, 0))
        value = b"bytes %d-%d/%d" % (first + shift[0], last + shift[1], total + shift[2])
        if how == "junk":
            value = b"bytes 99999999999999999999999-1/x"
        return set_field(head, b"Content-Range", value)

    def send(self, case, faults, head, body):
        data = head + body
        limit = len(data)
        if "cut" in faults and not case.cut_done:
            limit = min(limit, max(0, int(faults["cut"]) - case.sent))
            case.cut_done = case.sent + len(data) >= int(faults["cut"])
        if "cut_each" in faults:
            limit = min(limit, len(head) + int(faults["cut_each"]))
        if "stall" in faults and not case.cut_done:
            limit = int(faults["stall"])
            case.cut_done = True
            self.stall = True
        try:
            self.request.sendall(data[:limit])
            case.sent += min(limit, len(data))
            case.body_bytes += max(0, limit - len(head))
            if getattr(self, "stall", False):
                self.request.settimeout(20)
                self.request.recv(1)
        except OSError:
            pass

    def setup(self):
        # the path as the client sees it, for redirects
        self.stall = False
        peek = self.request.recv(4096, socket.MSG_PEEK).split(b" ", 2)
        if len(peek) > 1:
            _, self.token, self.words, self.rest = peek[1].decode().split("/", 3)


class TcpCut(socketserver.BaseRequestHandler):
    """Passes bytes; after `server.cut_at` bytes to the client calls server.on_cut() and closes both sides."""

    def handle(self):
        server = self.server
        try:
            real = socket.create_connection(("127.0.0.1", server.upstream), 10)
        except OSError:
            return
        for sock in (self.request, real):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        up = threading.Thread(target=self.pass_up, args=(real,), daemon=True)
        up.start()
        try:
            while data := real.recv(65536):
                data = server.downward(data)
                room = server.cut_at - server.sent if server.cut_at is not None else len(data)
                self.request.sendall(data[:max(0, room)])
                server.sent += len(data[:max(0, room)])
                if len(data) >= room and server.cut_at is not None:
                    server.cut_at = None
                    server.on_cut()
                    break
        except OSError:
            pass
        self.close_both(real)

    def pass_up(self, real):
        try:
            while data := self.request.recv(65536):
                real.sendall(self.server.upward(data))
        except OSError:
            pass
        self.close_both(real)

    def close_both(self, real):
        for sock in (self.request, real):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def nothing():
    pass


def same(data):
    return data


def tcp_cut_proxy(upstream):
    return serve(TcpCut, upstream=upstream, cut_at=None, sent=0, on_cut=nothing, upward=same, downward=same)


class FtpFaults(socketserver.BaseRequestHandler):
    """Control connection of FTP; data connections go through a proxy of their own.  server.faults:
    cut_data=N (bytes of data in the case), cut_control=N (bytes of replies), no_rest, switch (after the cut the
    name means another file)."""

    def handle(self):
        server = self.server
        real = socket.create_connection(("127.0.0.1", server.upstream), 10)
        for sock in (self.request, real):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pass_up, args=(real,), daemon=True).start()
        buffer = b""
        try:
            while data := real.recv(4096):
                buffer += data
                while b"\n" in buffer:
                    line, _, buffer = buffer.partition(b"\n")
                    if not self.reply(self.rewrite(line + b"\n")):
                        raise OSError
        except OSError:
            pass
        for sock in (self.request, real):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def rewrite(self, line):
        match = re.match(rb"229 .*\(\|\|\|(\d+)\|\)", line)
        if match is None:
            return line
        data = serve(FtpData, upstream=int(match.group(1)), control=self.server)
        return b"229 Entering Extended Passive Mode (|||%d|)\r\n" % data.port

    def reply(self, line):
        server = self.server
        cut = server.faults.get("cut_control")
        if cut is not None and not server.cut_done and server.replied + len(line) > cut:
            self.request.sendall(line[:cut - server.replied])
            server.cut_done = True
            return False
        self.request.sendall(line)
        server.replied += len(line)
        return True

    def pass_up(self, real):
        server = self.server
        buffer = b""
        try:
            while data := self.request.recv(4096):
                buffer += data
                while b"\n" in buffer:
                    line, _, buffer = buffer.partition(b"\n")
                    if line.startswith(b"REST") and "no_rest" in server.faults:
                        self.request.sendall(b"502 REST not implemented.\r\n")
                        continue
                    if "switch" in server.faults and server.cut_done:
                        line = line.replace(b"small.fota", server.faults["switch"].encode())
                    real.sendall(line + b"\n")
            real.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class FtpData(socketserver.BaseRequestHandler):
    def handle(self):
        control = self.server.control
        threading.Thread(target=self.server.shutdown, daemon=True).start()
        with socket.create_connection(("127.0.0.1", self.server.upstream), 1) as real:
            data = read_all(real)
        limit = len(data)
        cut = control.faults.get("cut_data")
        if cut is not None and not control.cut_done:
            limit = min(limit, cut)
            control.cut_done = True
        self.request.sendall(data[:limit])
        control.body_bytes += limit
        self.server.socket.close()


def ftp_proxy(upstream):
    return serve(FtpFaults, upstream=upstream, faults={}, cut_done=False, replied=0, body_bytes=0)
