"""Raw bytes against the app under Werkzeug, gunicorn and waitress: never a 500, and it goes on."""

import os
import socket
import subprocess
import sys
import time

import pytest

import production
from helpers import ROOT
from server.settings import NO_EMULATOR

OWN = b"Host: 127.0.0.1:8000\r\n"
CLOSE = b"Connection: close\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"
HEALTHY = b'{"app":"alipay-member","ok":true}\n'
WERKZEUG = "import app; from server import cli; cli.serve(app.create_app(), {port}, 'production')"
START = {
    "werkzeug": ["-c", WERKZEUG],
    "gunicorn": ["-m", "gunicorn", "-b", "127.0.0.1:{port}", "--threads", "2", "app:create_app()"],
    "waitress": ["-m", "waitress", "--listen=127.0.0.1:{port}", "--call", "app:create_app"],
}


def get(target, host=OWN, more=b""):
    return b"GET " + target + b" HTTP/1.1\r\n" + host + more + CLOSE


def post(target, body, headers):
    return b"POST " + target + b" HTTP/1.1\r\n" + OWN + headers + CLOSE + body


REQUESTS = {
    "host xn--a": get(b"/healthz", b"Host: xn--a\r\n"),
    "host not ASCII": get(b"/", "Host: 王\r\n".encode()),
    "host with a bracket": get(b"/", b"Host: [::1\r\n"),
    "host with two dots": get(b"/member", b"Host: a..b\r\n"),
    "host too long": get(b"/", b"Host: " + b"a" * 300 + b"\r\n"),
    "two slashes and a byte": get(b"//x?\xff"),
    "unreadable query": get(b"/login?\xff=1"),
    "invalid absolute target": get(b"http://[::1/x"),
    "unreadable headers": get(b"/", more=b"Accept-Language: \xff;q=x\r\nCookie: lang=\xff\r\n"),
    "bad chunk": post(b"/api/auth", b"zz\r\n", JSON + b"Transfer-Encoding: chunked\r\n"),
    "cut chunk": post(b"/api/auth", b"ff\r\n{", JSON + b"Transfer-Encoding: chunked\r\n"),
    "cut body": post(b"/api/auth", b"{}", JSON + b"Content-Length: 100\r\n"),
    "negative length": post(b"/api/auth", b"{}", JSON + b"Content-Length: -5\r\n"),
    "invalid length": post(b"/api/auth", b"{}", JSON + b"Content-Length: abc\r\n"),
    "HTTP/1.0 without a length": b"POST /api/auth HTTP/1.0\r\n" + JSON + b"\r\n",
    "empty Authorization": get(b"/api/member", more=b"Authorization: \r\n"),
    "unreadable Authorization": get(b"/api/member", more=b"Authorization: Bearer \xff\xfe\r\n"),
    "NaN": post(b"/api/auth", b'{"auth_code": NaN}', JSON + b"Content-Length: 18\r\n"),
    "deep": post(b"/api/auth", b"[" * 9000, JSON + b"Content-Length: 9000\r\n"),
    "unknown charset": post(
        b"/api/auth", b"{}", b"Content-Type: application/json; charset=x\r\nContent-Length: 2\r\n"
    ),
    "NUL in a state": get(b"/callback?state=%00&auth_code=%00"),
}


@pytest.fixture(scope="module", params=START)
def server(request, tmp_path_factory):
    """The port of the app, served by one of the three."""
    folder = tmp_path_factory.mktemp(request.param)
    values = production.web_values(DATABASE_URL=f"sqlite:///{folder / 'members.db'}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [part.format(port=port) for part in START[request.param]]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=os.environ | values, stdout=log, stderr=log
        )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port):
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def answer(port, data):
    """All that comes back; the request ends where the bytes end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:  # a server may hang up on what is no HTTP
            pass
        return received


def test_no_bytes_bring_a_500(server):
    expected = (b"", b"200", b"302", b"400", b"401", b"404")  # b"": the server hung up
    found = {}
    for name, request in REQUESTS.items():
        found[name] = answer(server, request).partition(b" ")[2][:3]
        assert answer(server, get(b"/healthz")).endswith(HEALTHY), name
    assert {name: status for name, status in found.items() if status not in expected} == {}


def test_a_legal_chunked_body_is_read_or_refused(server):
    body = b"2;name=value\r\n{}\r\n0\r\n\r\n"
    received = answer(server, post(b"/api/auth", body, JSON + b"Transfer-Encoding: chunked\r\n"))
    assert received.partition(b" ")[2][:3] == b"400"


def test_bodies_that_never_come_whole_keep_no_thread(server):
    for _ in range(6):  # gunicorn has two threads here, waitress four
        answer(server, REQUESTS["cut body"])
    assert answer(server, get(b"/healthz")).endswith(HEALTHY)


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix")
def test_gunicorn_without_settings_says_a_sentence_and_stops():
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0", "app:create_app()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert f"Settings: {NO_EMULATOR.en}" in ended.stderr
    assert "Traceback" not in ended.stderr
