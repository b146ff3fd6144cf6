"""Recorder: what an app does, step by step, seen from outside.

It listens to Flask's signals, to the clients' observers and to a WatchedStore: the integration
knows nothing of it. Its steps hold tokens, the emulator's.
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

from .frames import Frame, frame_of, frames_here, frames_of, frames_returned
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
class Request:
    """What has been seen of one request while the app answers it."""

    began: float  # by time.perf_counter
    steps: list[Step] = field(default_factory=list)
    call: Call | None = None  # the last one to Alipay

    @property
    def has_written(self) -> bool:
        """Whether the store was told to write."""
        return any(step["kind"] == "store" for step in self.steps)


def current() -> Request | None:
    """The request that is being watched here and now."""
    return g.get("watched_request") if has_request_context() else None


def with_cause(error: BaseException | None, frames: list[Frame]) -> list[Frame]:
    """The frames of a call; if it failed, with those that raised the error in place of its own."""
    raised = frames_of(error)
    if not raised:
        return frames
    return [*raised, *frames[1:]]


def function_returned() -> dict[str, str]:
    """The name of the function that made a step, where somebody else's stands for the library's."""
    returned = frames_returned()
    if not returned:
        return {}
    return {"function": f"{returned[-1]['file']} · {returned[-1]['function']}()"}


def view_frames(app: Flask) -> list[Frame]:
    """The function that answers the current request, if one of this project does."""
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
        """Watch an app with its clients, which all call one gateway, and its store from now on."""
        self.gateway_url = clients[0].gateway_url
        self._steps: deque[Step] = deque(maxlen=MAX_STEPS)
        # They grow across restarts, too: a page that is open misses nothing.
        self._numbers = count(int(time.time() * 1000))
        self._numbering = threading.Lock()
        self._cleared = 0.0  # by time.perf_counter
        request_started.connect(self.begin, app)
        request_finished.connect(self.finish, app)
        store.listener = self.see_write
        for client in clients:
            client.observer = self.see_exchange

    def begin(self, app: Flask, **_: Any) -> None:
        """A request arrives; even what the app's own hooks will refuse is seen."""
        if request.path != "/" and not request.path.startswith(UNWATCHED):
            g.watched_request = Request(time.perf_counter())

    def see_exchange(self, exchange: Exchange) -> None:
        """A client has called Alipay."""
        watched = current()
        if watched:
            watched.call = Call(exchange.method, self.gateway_url, mask(exchange.parameters))
            frames = with_cause(exchange.error, [*frames_returned(), *frames_here()])
            step = exchange_step(exchange, watched.call, frames)
            watched.steps.append(step | function_returned())

    def see_write(self, write: Write) -> None:
        """The store has written, or refused to."""
        watched = current()
        if watched:
            method = frame_of(getattr(MemberStore, write.method))
            called = frames_returned() or ([method] if method else [])
            frames = frames_of(write.error) or called
            step = store_step(write, [*frames, *frames_here()])
            watched.steps.append(step | function_returned())

    def finish(self, app: Flask, response: Response, **_: Any) -> None:
        """Record the request, then its exchanges and writes as they came, or that none was made."""
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
        """Add steps of the current request, numbered in the order in which pages see them."""
        trace = request.headers.get("X-Trace")
        common = {"at": time.time(), "trace": trace, "trigger": None if trace else trigger()}
        with self._numbering:  # else a page could see a later number first, and never this one
            self._steps.extend({"n": next(self._numbers)} | common | step for step in steps)

    def since(self, number: int) -> list[Step]:
        """The steps after this number."""
        with self._numbering:
            return [step for step in self._steps if step["n"] > number]

    def forget_requests_until_now(self) -> None:
        """From now on, what was already under way is not recorded."""
        self._cleared = time.perf_counter()

    def clear(self) -> None:
        """Forget every step."""
        with self._numbering:
            self._steps.clear()
