"""What the gateway answers: its codes with their texts (codes.json), and the exact bytes of an answer.

An `Answer` keeps its parts apart until `to_bytes`, so that a fault (faults.py) can spoil any one of them.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# sub_code → code, msg and, where the gateway sends one, sub_msg
CODES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("codes.json").read_text("utf-8"))


class Refused(Exception):
    """The gateway refuses a call; `node` is the answer's node, `detail` is put behind its sub_msg."""

    def __init__(self, sub_code: str, detail: str = ""):
        row = CODES[sub_code]
        self.node = {"code": row["code"], "msg": row["msg"], "sub_code": sub_code}
        if "sub_msg" in row:
            self.node["sub_msg"] = row["sub_msg"] + detail


def rsa_sign(data: bytes, key: RSAPrivateKey, digest: hashes.HashAlgorithm | None = None) -> str:
    """RSASSA-PKCS1-v1_5 in base64, with SHA-256 (RSA2) unless another digest is given."""
    return base64.b64encode(key.sign(data, padding.PKCS1v15(), digest or hashes.SHA256())).decode()


Members = list[tuple[str, bytes]]  # a body's members in their order: name and raw JSON


@dataclass
class Answer:
    """One answer on its way out. Its defaults are what the real gateway does; a fault replaces some of them."""

    name: str  # of the node
    node: dict
    sign: Callable[[bytes], str] | None  # None: sent without a signature
    charset: str
    content_type: str
    status: int = 200
    comma: str = ","
    colon: str = ":"
    more: str = ""  # raw JSON at the node's end, signed with it
    arrange: Callable[[Members], Members] = list  # the members once the node is signed
    finish: Callable[[bytes], bytes] = bytes  # the whole body
    delay: float = 0  # seconds before it is sent
    hang_up: bool = False  # never sent

    def to_json(self, node: dict) -> bytes:
        """A node's text; like production's, every `/` in it is escaped as `\\/`."""
        text = json.dumps(node, ensure_ascii=False, separators=(self.comma, self.colon)).replace("/", "\\/")
        return (text[:-1] + self.more + "}").encode(self.charset, "replace")

    def to_bytes(self) -> bytes:
        """The body: the node first, then the signature over exactly the node's bytes."""
        node = self.to_json(self.node)
        members = [(self.name, node)]
        if self.sign:
            members.append(("sign", json.dumps(self.sign(node)).encode()))
        comma, colon = self.comma.encode(), self.colon.encode()
        parts = (b'"' + name.encode() + b'"' + colon + raw for name, raw in self.arrange(members))
        return self.finish(b"{" + comma.join(parts) + b"}")
