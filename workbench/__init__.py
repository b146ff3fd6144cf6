"""The workbench at /workbench: the lesson, beside an app whose Alipay is emulated.

phone/           runs miniprogram/, or mistakes/, in the browser
recorder.py      watches the app; begin here to follow a tap
steps.py         what happened → the steps of the trace
frames.py        which lines of source did it
watched_store.py reports its writes to the recorder, and can be broken
laboratory.py    every fault outside the gateway, and the switch
naive.py         the server that old articles teach, for comparison
routes.py        the page, its files and what it polls
page/ words.json the page's templates, scripts, styles and sentences

server/cli.py adds it to the app when Alipay is emulated.
"""

from .routes import attach, start_emulator

__all__ = ["attach", "start_emulator"]
