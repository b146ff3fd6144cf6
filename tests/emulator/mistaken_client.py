"""A client that signs one thing and sends another, for the tests of the emulator's diagnosis."""

import base64
import json
import re

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from plain_client import SHARE

FORM = "application/x-www-form-urlencoded"
NAME = "王誠 + 李/四"  # what any mistake about encoding shows itself in


class MistakenClient:
    """A client that makes mistakes: what it signs and what it sends are given apart."""

    def __init__(self, plain):
        self.plain = plain

    def parameters(self, **more):
        """What a right call consists of, unsigned; with a value of every kind."""
        named = {"charset": "utf-8", "biz_content": json.dumps({"name": NAME}, ensure_ascii=False)}
        signed = self.plain.signed(SHARE, auth_token="a+b c", **{**named, **more})
        return {name: value for name, value in signed.items() if name != "sign"}

    def text(self, parameters):
        return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))

    def sign(self, text, charset="utf-8", key=None, algorithm=None, padded=None):
        data = text if isinstance(text, bytes) else text.encode(charset)
        made = (key or self.plain.key).sign(
            data, padded or padding.PKCS1v15(), algorithm or hashes.SHA256()
        )
        return base64.b64encode(made).decode()

    def send(self, query, body=b"", content_type=FORM):
        headers = {"Content-Type": content_type} if body else {}
        return requests.post(
            f"{self.plain.gateway}?{query}", data=body, headers=headers, timeout=10
        )


def finding(sentence, words):
    """The key of the finding that is told by this sentence, whatever was put into it."""
    for key, row in words.items():
        parts = re.split(r"\{\w+\}", row["en"])
        if re.fullmatch(".*".join(map(re.escape, parts)), sentence, re.DOTALL):
            return key
    raise AssertionError(f"no finding is told so: {sentence}")
