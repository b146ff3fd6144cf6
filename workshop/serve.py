"""python -m workshop serve: the workbench with the participant's functions behind it."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask

import workbench
from alipay_member.errors import SchemaError
from server.settings import Settings
from workbench import frames

from .client import WorkshopClient
from .load import SOLUTION, Functions, Source
from .ready import is_free
from .result import Result
from .runner import ENDED, ROOT, run_checks
from .steps import FUNCTIONS, SERVED, STEPS, step_of, told
from .store import WorkshopStore
from .terminal import Terminal


def serve(terminal: Terminal, path: Path, port: int) -> int:
    """Serve until Ctrl-C; the exit status."""
    from server.cli import serve as serve_app

    if not is_free(port):
        terminal.tell("port-taken", port=port, other=port + 1)
        return 1
    terminal.tell("checking-all")
    results = check_each(path)
    tell_whose(terminal, results)
    functions = functions_that_pass(path, results)
    database = "sqlite:///instance/workshop.db"
    values = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "DATABASE_URL": database}
    settings = Settings.load(ROOT, values=workbench.start_emulator(values))
    try:
        app = make_app(functions, settings)
    except SchemaError:
        terminal.tell("old-database")
        return 1
    own_steps = [number for number, result in results.items() if not result.mistake]
    terminal.tell("serving" if any(number <= SERVED for number in own_steps) else "serving-lent")
    serve_app(app, port, "emulated on this machine")
    return 0


def check_each(path: Path) -> dict[int, Result]:
    """The result of each step by its number, whatever the others do."""
    results: dict[int, Result] = {}
    unfinished: set[int] = set()
    while True:
        last = None
        for result in run_checks(path, unfinished, to_the_end=True):
            step = step_of(result.step)
            if step:
                results[step.number] = last = result
        if last is None or last.mistake not in ENDED:
            return results
        unfinished |= {step.number for step in STEPS if step.name == last.step}


def functions_that_pass(path: Path, results: Mapping[int, Result]) -> Functions:
    """Theirs of the steps that pass, of those that are served; the solution's for all others."""
    own = [
        name
        for step in STEPS[:SERVED]
        if step.number in results and not results[step.number].mistake
        for name in step.functions
    ]
    file = Source(path if own else SOLUTION)  # a file that can't be read passes nothing
    name = frames.short_name(str(path))
    if name:
        frames.python_lines(name)  # its lines as they are now: what is edited later does not run
    return file.functions(own, FUNCTIONS)


def tell_whose(terminal: Terminal, results: Mapping[int, Result]) -> None:
    """For each step, whose functions are served."""
    for step in STEPS:
        result = results.get(step.number)
        whose = "yours"
        if step.number > SERVED:
            whose = "app-own"
        elif not result or result.mistake in ("todo", "todo-next", "function-missing"):
            whose = "lent"
        elif result.mistake:
            whose = "lent-failing"
        symbol = terminal.symbol("good") if whose == "yours" else terminal.symbol("skipped")
        title = told(step.name, "title", terminal.lang)
        terminal.say(f"{symbol} {step.number:2} {title}: {terminal.words(whose)}")
    terminal.say()


def make_app(functions: Functions, settings: Settings) -> Flask:
    """The app, with their functions as its client and its store, and the workbench."""
    from app import create_app

    client = WorkshopClient(functions, **settings.client_options(settings.app))
    store = WorkshopStore(settings.database_url, functions)
    app: Flask = create_app(settings, client=client, store=store)  # type: ignore[no-untyped-call]
    workbench.attach(app)
    return app
