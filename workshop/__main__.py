"""python -m workshop: see commands.py. Without the right Python or packages it says what to do."""

import os
import sys

NEEDED = (3, 10)


def main():  # type: ignore[no-untyped-def] # the oldest Python must get as far as this
    """Run the command line if this Python can; return the exit status or a message."""
    if sys.version_info < NEEDED:
        return "Python 3.10 or newer is needed: this is %d.%d." % sys.version_info[:2]  # noqa: UP031
    try:
        from .commands import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("workshop", "emulator", "alipay_member"):
            raise
        python = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
        return (
            f"The package {error.name} is missing: run README's “python3 -m venv …” in this\n"
            f"folder, then    {python} -m workshop"
        )
    try:
        return run()
    except (KeyboardInterrupt, BrokenPipeError):
        return 130


if __name__ == "__main__":
    sys.exit(main())  # type: ignore[no-untyped-call]
