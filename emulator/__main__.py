"""python -m emulator: the emulated Alipay on its own, for workshops and other languages' SDKs."""

import argparse
import logging
import sys
import time
from contextlib import suppress
from pathlib import Path

from . import Emulator

OURS = "# Written by python -m emulator, which may overwrite it."  # ASCII: SDKs need it in a .crt
MARKER = f"{OURS} 模拟器的密钥，重启后作废。"


def write_settings(path: Path, values: dict[str, str]) -> None:
    """Write a settings file that only its owner can read.

    Raises FileExistsError if the emulator did not write the file that is there.
    """
    refuse_to_overwrite(path)
    path.unlink(missing_ok=True)
    path.touch(0o600, exist_ok=False)
    lines = [MARKER, *(f"{name}={value}" for name, value in values.items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_certificates(path: Path, values: dict[str, str]) -> dict[str, str]:
    """Write the certificates among the values into files beside `path`, named as in the console.

    Returns the values with the files' paths in place of the certificates. Raises FileExistsError,
    before it writes anything, if the emulator did not write one of the files that are there.
    """
    files: dict[Path, str] = {}
    paths = dict(values)
    for name, value in values.items():
        if name.endswith("CERT"):
            file = path.resolve().parent / console_name(name, values)
            files[file] = f"{OURS}\n{value}"
            paths[name] = str(file)
    for file in files:
        refuse_to_overwrite(file)
    for file, text in files.items():
        file.write_text(text, "utf-8")
    return paths


def console_name(setting: str, values: dict[str, str]) -> str:
    """The console's name of the file for this setting."""
    if setting.endswith("_ROOT_CERT"):
        return "alipayRootCert.crt"
    if setting.endswith("_APP_CERT"):
        app_id = values[setting.removesuffix("CERT") + "ID"]
        return f"appCertPublicKey_{app_id}.crt"
    return "alipayCertPublicKey_RSA2.crt"


def refuse_to_overwrite(path: Path) -> None:
    """Raise FileExistsError if there is a file that the emulator did not write."""
    if path.exists() and not path.read_text("utf-8", "replace").startswith(OURS):
        raise FileExistsError(
            f"{path} was not written by the emulator and is left alone: name another file"
        )


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulator", description="A stand-in for Alipay on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one (default 8001)")
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="write ready settings for app.py to FILE"
    )
    parser.add_argument(
        "--isv",
        action="store_true",
        help="settings of an ISV (第三方应用) that calls for a merchant",
    )
    parser.add_argument(
        "--certificates",
        action="store_true",
        help="公钥证书 mode: the console's .crt files are written beside FILE",
    )
    return parser.parse_args()


def show_log() -> None:
    """Show the log on the terminal: one line for each call, without secrets."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("emulator")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def greet(emulator: Emulator, env_file: Path | None) -> None:
    first = "" if env_file else "start this with --env-file FILE, then "
    print(f"Alipay is emulated (支付宝模拟器); gateway: {emulator.url}/gateway.do")
    print(f"Next 下一步: {first}in another window 另开一个窗口运行:")
    print(f"    python app.py --env-file {env_file or 'FILE'}")
    print(f"What arrives 收到的调用: {emulator.url}/")
    print("Each call is a line here, too; one that the gateway refuses, with the reason.")
    print("Ctrl-C ends it; its keys and tokens end with it.", flush=True)


def main() -> None:
    """Run until Ctrl-C, or exit with one line that says what is wrong."""
    options = read_options()
    try:
        emulator = Emulator(options.port, certificates=options.certificates, page=True)
    except (OSError, OverflowError):
        sys.exit(f"Port {options.port} is taken or not allowed: choose another one with --port.")
    if options.env_file:
        values = emulator.isv_settings() if options.isv else emulator.settings()
        try:
            refuse_to_overwrite(options.env_file)
            write_settings(options.env_file, write_certificates(options.env_file, values))
        except OSError as error:
            emulator.stop()
            sys.exit(str(error))
    emulator.serve()
    show_log()
    greet(emulator, options.env_file)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
