"""What the emulated gateway replies, byte for byte.

A `Reply` keeps its parts apart until `to_bytes`, so that a fault can spoil any of them.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay_member.explain import gateway_errors
from alipay_member.signing import sign, string_to_sign

from .accounts import Refused

# The gateway's errors by sub_code. Rows without a code are names that only old documents use.
ERRORS = {
    row["sub_code"]: row for row in gateway_errors() if row.get("code") and row.get("sub_code")
}


def error_node(sub_code: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The node of an error, with Alipay's own texts.

    isv.invalid-signature quotes the gateway's string to sign, HTML-escaped.
    """
    row = ERRORS[sub_code]
    node = {name: row[name] for name in ("code", "msg", "sub_code", "sub_msg") if row.get(name)}
    if sub_code == "isv.invalid-signature":
        ours = html.escape(string_to_sign(parameters))
        node["sub_msg"] = node["sub_msg"].replace("{string_to_sign}", ours)
    return node


@dataclass
class Reply:
    """One reply before it is sent. The defaults are what the real gateway does."""

    name: str  # of the node
    node: dict[str, Any]
    private_key: RSAPrivateKey | None  # None: no signature
    charset: str
    cert_sn: str | None = None  # names the certificate of the key, for apps in 公钥证书 mode
    refused: Refused | None = None  # why the call was refused
    # Only faults change these:
    status: int = 200
    comma: str = ","
    colon: str = ":"
    last_in_node: str = ""  # more JSON at the node's end, signed with it
    before_node: list[tuple[str, bytes]] = field(default_factory=list)  # name, unsigned JSON
    after_node: list[tuple[str, bytes]] = field(default_factory=list)
    sent_node: bytes | None = None  # in place of the node that was signed
    sent_signature: str | None = None  # in place of the true one
    sent_body: bytes | None = None  # in place of everything
    delay: float = 0  # seconds before it is sent
    hang_up: bool = False  # close the connection instead of sending it

    def to_json(self, node: Mapping[str, Any]) -> bytes:
        """A node's text. As in production, every `/` in it is escaped as `\\/`."""
        separators = (self.comma, self.colon)
        text = json.dumps(node, ensure_ascii=False, separators=separators).replace("/", "\\/")
        text = text.removesuffix("}") + self.last_in_node + "}"
        return text.encode(self.charset, "replace")

    def signed_bytes(self) -> bytes:
        """The bytes that the signature covers: the node, from its `{` to its `}`."""
        return self.to_json(self.node)

    def signature_over(self, data: bytes) -> str | None:
        """A signature with the reply's key, or None if it has no key."""
        return sign(data, self.private_key) if self.private_key else None

    def to_bytes(self) -> bytes:
        """The body: the node first, the signature over exactly its bytes last."""
        if self.sent_body is not None:
            return self.sent_body
        node = self.signed_bytes()
        signature = self.sent_signature
        if signature is None:
            signature = self.signature_over(node)
        members = [*self.before_node, (self.name, self.sent_node or node), *self.after_node]
        if self.cert_sn is not None:
            members.append(("alipay_cert_sn", json.dumps(self.cert_sn).encode()))
        if signature is not None:
            members.append(("sign", json.dumps(signature).encode()))
        colon = self.colon.encode()
        texts = [json.dumps(name).encode() + colon + raw for name, raw in members]
        return b"{" + self.comma.encode().join(texts) + b"}"
