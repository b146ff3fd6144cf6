"""Processes that were forked after a client's first call do not share its connection."""

import os
import subprocess
import sys

import pytest

from helpers import ROOT

FORK = """
import os, sys
sys.path[:0] = [".", "tests", "tests/alipay_member"]
from hostile import GOOD
from wire import Server, client_of, http

server = Server(lambda connection: connection.sendall(http(GOOD)))
client = client_of(server)
counts = []

def fetch():
    assert client.fetch_profile("authusrB0").open_id == "007"

def call():
    fetch()
    counts.append(server.connections)

call(), call()
for _ in range(2):
    child = os.fork()
    if child == 0:
        fetch(), fetch()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0
    call()
print(counts, len(server.requests))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_a_connection_of_its_own():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # one of the parent's, which it keeps, and one of each child's for two calls
    assert done.stdout == "[1, 1, 2, 3] 8\n"
