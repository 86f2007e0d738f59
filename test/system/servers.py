# SPDX-License-Identifier: MIT
"""Real servers on loopback with high ports and temporary directories, started and ended by the tests."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def program(name):
    found = shutil.which(name, path=PATH)
    if found is None:
        raise SystemExit(f"{name} is missing: sh scripts/install_dependencies.sh")
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nothing listens on port {port}")


class Server:
    """A child process; ended by its id when the block is left."""

    process = None

    def spawn(self, args, log, port):
        with open(log, "ab") as out:
            self.process = subprocess.Popen(args, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        wait_for_port(port, self.process)

    def stop(self, how=signal.SIGTERM):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1 that serves as its own CA."""
    folder = pathlib.Path(folder)
    key, cert = folder / "server.key", folder / "server.crt"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
         "-out", cert], check=True, capture_output=True)
    return key, cert


NGINX_CONF = """
daemon off;
master_process off;
error_log {home}/error.log;
pid {home}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  default_type application/octet-stream;
  gzip on; gzip_types application/octet-stream; gzip_min_length 1;
  limit_req_zone $binary_remote_addr zone=one:1m rate=1r/s;
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {cert}; ssl_certificate_key {key};
    root {root};
    location /moved/ {{ return 302 /sub$request_uri; }}
    location /sub/moved/ {{ alias {root}/; }}
    location /loop/ {{ return 302 $request_uri; }}
    location /to-ftp/ {{ return 302 ftp://127.0.0.1/x; }}
    location /to-plain/ {{ return 302 http://127.0.0.1:{port}/small.fota; }}
    location /no-ranges/ {{ alias {root}/; max_ranges 0; }}
    location /no-etag/ {{ alias {root}/; etag off; }}
    location /no-validator/ {{ alias {root}/; etag off; add_header Last-Modified ""; if_modified_since off; }}
    location /slow/ {{ alias {root}/; limit_rate 200k; }}
    location /limited/ {{ alias {root}/; limit_req zone=one; limit_req_status 429; add_header Retry-After 1 always; }}
    location /private/ {{ return 401; }}
    location /broken/ {{ return 500; }}
  }}
}}
"""


class Nginx(Server):
    def __init__(self, home, root):
        home = pathlib.Path(home)
        home.mkdir()
        self.port, self.tls_port = free_port(), free_port()
        key, self.ca = make_certificate(home)
        conf = home / "nginx.conf"
        conf.write_text(NGINX_CONF.format(home=home, root=root, port=self.port, tls_port=self.tls_port, key=key,
                                          cert=self.ca))
        self.spawn([program("nginx"), "-p", home, "-c", conf, "-e", home / "error.log"], home / "log", self.port)


VSFTPD_CONF = """
listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
local_enable=NO
write_enable=NO
no_anon_password=YES
anon_root={root}
secure_chroot_dir={empty}
run_as_launching_user={launching}
one_process_model=NO
seccomp_sandbox=NO
pasv_min_port={pasv_min}
pasv_max_port={pasv_max}
use_localtime=NO
xferlog_enable=NO
connect_from_port_20=NO
max_per_ip=0
max_clients=0
{more}
"""


class Vsftpd(Server):
    """Anonymous FTP; with a certificate implicit TLS (ftps) or explicit (ftpes)."""

    def __init__(self, home, root, certificate=None, implicit=False):
        home = pathlib.Path(home)
        home.mkdir()
        empty = home / "empty"
        empty.mkdir()
        self.port = free_port()
        more = ""
        if certificate is not None:
            key, cert = certificate
            more = (f"ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_data_ssl=YES\nforce_anon_logins_ssl=YES\n"
                    f"rsa_cert_file={cert}\nrsa_private_key_file={key}\nrequire_ssl_reuse=NO\nssl_ciphers=HIGH\n"
                    f"implicit_ssl={'YES' if implicit else 'NO'}\n")
        conf = home / "vsftpd.conf"
        conf.write_text(VSFTPD_CONF.format(port=self.port, root=root, empty=empty, pasv_min=20000, pasv_max=32000,
                                           launching="NO" if os.geteuid() == 0 else "YES", more=more))
        os.chmod(conf, 0o600)
        self.spawn([program("vsftpd"), conf], home / "log", self.port)


class FotaServe(Server):
    """`fota serve --tcp`, on a port that stays when it is started again."""

    def __init__(self, fota, home, path):
        self.fota, self.home, self.path = fota, pathlib.Path(home), path
        self.port = free_port()
        self.start()

    def start(self):
        self.spawn([self.fota, "serve", "--tcp", f"127.0.0.1:{self.port}", self.path], self.home / "serve.log",
                   self.port)
