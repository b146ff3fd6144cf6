"""Recorder: what an app does, step by step, watched from outside.

The way of a tap, from the phone to a row of the trace:

    tap                  a person taps a button of the mini-program
    my.*                 phone/my/ carries out my.getAuthCode, then my.request with an X-Trace
    request              Flask's request_started → `begin` opens a WatchedRequest
    observer, listener   AlipayClient → `see_exchange`, WatchedStore → `see_write`
    step                 steps.py makes one of each; Flask's request_finished → `finish` numbers
                         the request's own step first, then those
    /events              the page asks for the steps after the last one that it has
    row                  page/ draws each step as a row, under the tap of the same X-Trace

The trace is all the steps. The integration knows nothing of it. Steps hold the emulator's tokens.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from flask.signals import request_finished, request_started

from alipay_member.client import AlipayClient, Exchange
from alipay_member.errors import Call, mask
from alipay_member.store import MemberStore

from .frames import Frame, frame_of, frames_done_in, frames_here, frames_of
from .steps import (
    MESSAGES,
    Step,
    exchange_step,
    message_step,
    no_write_step,
    request_step,
    store_step,
)
from .watched_store import WatchedStore, Write

UNWATCHED = ("/workbench", "/static/", "/healthz", "/favicon.ico")
MAX_STEPS = 500


@dataclass
class WatchedRequest:
    """What has been seen of one request while the app answers it."""

    began: float  # by time.perf_counter
    steps: list[Step] = field(default_factory=list)
    call: Call | None = None  # the last one to Alipay

    @property
    def has_written(self) -> bool:
        return any(step["kind"] == "store" for step in self.steps)


def current() -> WatchedRequest | None:
    """The request that is being watched here and now."""
    return g.get("watched_request") if has_request_context() else None


def with_cause(error: BaseException | None, frames: list[Frame]) -> list[Frame]:
    """The frames of a call; if it failed, the lines that raised the error come first."""
    raised = frames_of(error)
    if not raised:
        return frames
    functions = [(frame["file"], frame["function"]) for frame in frames]
    outermost = (raised[-1]["file"], raised[-1]["function"])
    if outermost not in functions:
        return [*raised, *frames]
    return [*raised, *frames[functions.index(outermost) + 1 :]]


def function_done_in() -> dict[str, str]:
    """The step's `function`, if another one than the library's did it."""
    frames = frames_done_in()
    if not frames:
        return {}
    return {"function": f"{frames[-1]['file']} · {frames[-1]['function']}()"}


def view_frames(app: Flask) -> list[Frame]:
    """The function that answers the current request, if it is one of this project."""
    view = app.view_functions.get(request.endpoint or "")
    frame = frame_of(view) if view else None
    return [frame] if frame else []


def trigger() -> str:
    """The key of what triggered a request, where it is no call of the phone."""
    if request.path.startswith("/workbench/"):
        return "trigger-workbench"
    if request.path == MESSAGES:
        return "trigger-alipay"
    if request.path.startswith("/api/"):
        return "trigger-program"
    return "trigger-web"


class Recorder:
    """The newest steps of one app, in memory."""

    def __init__(self, app: Flask, clients: Sequence[AlipayClient], store: WatchedStore) -> None:
        """Watch an app from now on. Its clients all call one gateway."""
        self.gateway_url = clients[0].gateway_url
        self._steps: deque[Step] = deque(maxlen=MAX_STEPS)
        # Numbers grow across restarts too, so that an open page misses nothing.
        self._numbers = count(int(time.time() * 1000))
        self._numbering = threading.Lock()
        self._cleared = 0.0  # by time.perf_counter
        request_started.connect(self.begin, app)
        request_finished.connect(self.finish, app)
        store.listener = self.see_write
        for client in clients:
            client.observer = self.see_exchange

    def begin(self, app: Flask, **_: Any) -> None:
        """A request arrives. One that the app's own hooks refuse is watched too."""
        if request.path != "/" and not request.path.startswith(UNWATCHED):
            g.watched_request = WatchedRequest(time.perf_counter())

    def see_exchange(self, exchange: Exchange) -> None:
        """A client has called Alipay."""
        watched = current()
        if watched:
            watched.call = Call(exchange.method, self.gateway_url, mask(exchange.parameters))
            frames = with_cause(exchange.error, [*frames_done_in(), *frames_here()])
            step = exchange_step(exchange, watched.call, frames)
            watched.steps.append(step | function_done_in())

    def see_write(self, write: Write) -> None:
        """The store has written, or refused to."""
        watched = current()
        if watched:
            method = frame_of(getattr(MemberStore, write.method))
            called = frames_done_in() or ([method] if method else [])
            frames = frames_of(write.error) or called
            step = store_step(write, [*frames, *frames_here()])
            watched.steps.append(step | function_done_in())

    def finish(self, app: Flask, response: Response, **_: Any) -> None:
        """Record the request, then its calls and writes in order, or that nothing was written."""
        watched = current()
        if watched is None or watched.began <= self._cleared:
            return
        elapsed = time.perf_counter() - watched.began
        frames = view_frames(app)
        if request.path == MESSAGES and request.method == "POST":
            first = message_step(response, elapsed, frames)
        else:
            first = request_step(response, elapsed, watched.call, frames)
        steps = [first, *watched.steps]
        is_read = request.method == "GET" and request.path != "/callback"
        if not is_read and not watched.has_written:
            steps.append(no_write_step())
        self.record(*steps)

    def record(self, *steps: Step) -> None:
        """Add steps of the current request, numbered in the order in which pages get them."""
        trace = request.headers.get("X-Trace")
        common = {"at": time.time(), "trace": trace, "trigger": None if trace else trigger()}
        with self._numbering:  # or a page could get a later number first, and never this one
            self._steps.extend({"n": next(self._numbers)} | common | step for step in steps)

    def since(self, number: int) -> list[Step]:
        """The steps after this number."""
        with self._numbering:
            return [step for step in self._steps if step["n"] > number]

    def forget_requests_until_now(self) -> None:
        """Do not record the requests that are under way now."""
        self._cleared = time.perf_counter()

    def clear(self) -> None:
        with self._numbering:
            self._steps.clear()
