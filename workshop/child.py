"""The child process: runs the checks, and writes a line for each step's begin and result.

Whatever the participant's file does, ends or waits for, it does it here. A step that takes longer
than the limit ends the process, with the lines under way on stderr.
"""

import faulthandler
import os
import sys
from pathlib import Path

from .run import check_all
from .steps import Step
from .testbed import open_lab

BEGIN = "begin "


def main() -> None:
    """`python -m workshop.child FILE SECONDS HOW [SKIPPED …]`, started by runner.py.

    HOW is one letter or both: a goes on to the end of all, s tries what is skipped, - is neither.
    """
    path = Path(sys.argv[1])
    limit = float(sys.argv[2])
    how = {"to_the_end": "a" in sys.argv[3], "try_skipped": "s" in sys.argv[3]}
    skipped = [int(number) for number in sys.argv[4:]]
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")

    def begin(step: Step) -> None:
        print(BEGIN + step.name, file=out, flush=True)
        faulthandler.dump_traceback_later(limit, exit=True)

    with open_lab() as lab:
        for result in check_all(path, skipped, lab, begin, **how):
            print(result.to_json(), file=out, flush=True)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
