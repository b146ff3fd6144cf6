"""The child process: runs the checks, and writes a line for each step's begin and result.

Whatever the participant's file does, ends or waits for, it does it here. A step that takes longer
than the limit ends the process, with the lines under way on stderr.
"""

import faulthandler
import os
import sys
from pathlib import Path

from .lab import open_lab
from .run import check_all
from .steps import Step

BEGIN = "begin "


def main() -> None:
    """`python -m workshop.child FILE SECONDS first|all [SKIPPED …]`, started by runner.py."""
    path = Path(sys.argv[1])
    limit = float(sys.argv[2])
    to_the_end = sys.argv[3] == "all"
    skipped = [int(number) for number in sys.argv[4:]]
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")

    def begin(step: Step) -> None:
        print(BEGIN + step.name, file=out, flush=True)
        faulthandler.dump_traceback_later(limit, exit=True)

    with open_lab() as lab:
        for result in check_all(path, skipped, lab, begin, to_the_end):
            print(result.to_json(), file=out, flush=True)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
