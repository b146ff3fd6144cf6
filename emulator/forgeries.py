"""What several faults do to a node: one digit changed, another person's ids, a forged twin."""

import re
from typing import Any

from .reply import Answer


def with_other_digit(node: bytes) -> bytes:
    """The node's text with one bit of its last digit changed."""
    last = [match.start() for match in re.finditer(rb"\d", node)][-1]
    return node[:last] + bytes([node[last] ^ 1]) + node[last + 1 :]


def with_other_ids(node: dict[str, Any]) -> dict[str, Any]:
    """The node of somebody else: its ids have other endings."""
    ids = [name for name in ("open_id", "user_id") if name in node]
    return node | {name: node[name][:4] + node[name][:3:-1] for name in ids}


def forged_node(answer: Answer) -> bytes:
    """A node beside the true one, which claims to be somebody else's."""
    return answer.to_json(with_other_ids(answer.node) | {"nick_name": "伪造的会员"})
