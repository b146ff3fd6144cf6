"""EmulatorLink: the way to an emulator's switches, which may be in another process."""

from typing import Any
from urllib.parse import urljoin

import requests
from flask import Response, jsonify, make_response


class EmulatorLink:
    """The control routes of the emulator whose gateway has this address."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url
        self._session = requests.Session()
        self._session.trust_env = False  # a company's proxy can't reach this machine

    def ask(self, method: str, name: str, body: Any = None) -> Response:
        """The emulator's answer to a call of its control route; 502 if it is not running."""
        url = urljoin(self._gateway_url, f"/emulator/{name}")
        sent = {} if body is None else body
        try:
            answer = self._session.request(method, url, json=sent, timeout=5)
        except requests.RequestException:
            return make_response(jsonify(error="the emulator is not running"), 502)
        return Response(answer.content, answer.status_code, mimetype="application/json")

    def read(self, name: str) -> dict[str, Any]:
        """What one of its lists says; `{"error": sentence}` if it is not running."""
        told: dict[str, Any] = self.ask("GET", name).get_json()
        return told
