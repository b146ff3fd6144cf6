"""python -m emulator: the emulated Alipay on its own, for workshops and for other languages' SDKs."""

import argparse
import os
import sys
import time
from pathlib import Path

from . import start

MARKER = "# Written by python -m emulator, which may overwrite it. 模拟器的密钥，重启后作废。"


def write_settings(path: Path, values: dict[str, str]) -> None:
    """Write a settings file that only its owner can read. FileExistsError if there is one that isn't ours."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(MARKER):
        raise FileExistsError(f"{path} was not written by the emulator and is left alone: name another file")
    text = "\n".join([MARKER, *(f"{name}={value}" for name, value in values.items()), ""])
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C; 0, or 1 after one sentence that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description="A stand-in for Alipay on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one (default 8001)")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="write ready settings for app.py to FILE")
    parser.add_argument("--isv", action="store_true", help="settings of an ISV (第三方应用) that calls for a merchant")
    options = parser.parse_args(arguments)
    try:
        emulator = start(options.port)
    except (OSError, OverflowError):
        print(f"Port {options.port} is taken or not allowed: choose another one with --port.", file=sys.stderr)
        return 1
    try:
        if options.env_file:
            write_settings(options.env_file, emulator.isv_settings() if options.isv else emulator.settings())
        print(f"Alipay is emulated (支付宝模拟器); gateway: {emulator.url}/gateway.do")
        first = "" if options.env_file else "start this with --env-file FILE, then "
        print(f"Next 下一步: {first}in another window 另开一个窗口运行:")
        print(f"    python app.py --env-file {options.env_file or 'FILE'}")
        print("Ctrl-C ends it; its keys and tokens end with it.", flush=True)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
