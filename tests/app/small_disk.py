"""A small file system, which tests fill and make read-only."""

import contextlib
import subprocess
import sys

import pytest


@contextlib.contextmanager
def small_disk(folder, size="256k"):
    """A file system of its own in this empty folder, for the length of a `with`."""
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def filled(folder):
    """Not a byte is left there, for the length of a `with`."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 1024)
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def read_only(folder):
    """Whatever is opened there from now on can't be written; what is open stays writable."""
    mount("--bind", "-o", "ro", folder, folder)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def mount(*options):
    """Mount, or skip the test where that is refused, with a sentence."""
    if sys.platform != "linux":
        pytest.skip("only Linux mounts like this")
    done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting a small file system is refused here: {done.stderr.strip()}")
