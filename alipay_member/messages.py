# SPDX-License-Identifier: MIT-0
"""What Alipay pushes to the app's message URL (应用网关 in the console).

    message = read_message(body, [client])  # SignatureError: answer "fail", nothing has changed
    carry_out(message, store)               # then answer "success", or it comes again for hours

A message is a form that anybody could POST: only its signature shows who sent it. One of them
belongs to 获取会员信息: 用户授权取消消息 (alipay.open.auth.userauth.cancelled), a person has
withdrawn their consent. It names them by user_id. Whether it has open_id where an app gets no
user_id is not documented, so either is accepted. The console's check of the URL
(alipay.service.check, to be answered with signed XML) is not built.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from .answer import CHARSETS, charset_name
from .client import AlipayClient
from .errors import AlipayError, IdentityError, MessageError, SignatureError
from .models import Withdrawn, read_ids
from .signing import string_to_sign, why_not_verified

WITHDRAWN = "alipay.open.auth.userauth.cancelled"
MAX_AGE = 48 * 3600  # seconds
_MILLISECONDS = re.compile(r"[0-9]{1,15}")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """A message that Alipay signed, for the app of `client`."""

    client: AlipayClient = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        return f"message {self.parameters.get('notify_id', '')[:80]!r}"


@dataclass(frozen=True)
class Withdrawal:
    """用户授权取消消息: this person withdrew their consent at that moment (UTC seconds).

    open_id or user_id is set, or both.
    """

    app_id: str
    open_id: str | None
    user_id: str | None
    withdrawn_at: float


def message_string_to_sign(parameters: Mapping[str, str]) -> str:
    """The text that a message's signature covers.

    Like a request's, but without sign_type in version 1.1, which such messages have.
    """
    signed = dict(parameters)
    if parameters.get("version") == "1.1":
        signed.pop("sign_type", None)
    return string_to_sign(signed)


def read_message(body: bytes, clients: Sequence[AlipayClient]) -> Message:
    """The message in a request's raw body, for one of these clients' apps.

    Raises SignatureError unless Alipay signed it, and logs that in one line without secrets.
    """
    try:
        parameters, charset = _parameters(body)
        client = _addressee(parameters, clients)
        data = message_string_to_sign(parameters).encode(charset)
        signature = parameters.get("sign", "")
        reason = why_not_verified(data, signature, client.alipay_public_key, client.app_public_key)
        if reason:
            raise SignatureError("the message is not signed by Alipay", reason)
    except SignatureError as error:
        log.warning("a message was refused: %s (%s)", error, error.key)
        raise
    return Message(client, parameters)


class ConsentStore(Protocol):
    """What carry_out asks of a store: MemberStore has it, and so can a table of your own."""

    def withdraw_consent(
        self, app_id: str, open_id: str | None, user_id: str | None, withdrawn_at: float
    ) -> Withdrawn | None:
        """End what was allowed before `withdrawn_at` (UTC seconds); None for unknown ids."""


def carry_out(message: Message, store: ConsentStore) -> None:
    """If a person has withdrawn their consent, end what it allowed, as store.withdraw_consent does.

    Any other message changes nothing. Logs one line without secrets. Carrying it out again changes
    nothing more. Raises DatabaseError.
    """
    try:
        who = read_withdrawal(message)
        done = store.withdraw_consent(who.app_id, who.open_id, who.user_id, who.withdrawn_at)
        if done is None:
            raise MessageError("nobody here has these ids", "nobody")
    except (MessageError, IdentityError) as reason:
        log.warning("%s changes nothing: %s", message, reason)
        return
    profile = "their profile is gone" if done.profile else "no profile had to go"
    log.info(
        "%s: a person withdrew their consent; sessions ended: %d, %s. Their row stays with its "
        "ids: by these they are known again if they consent anew",
        message,
        done.sessions,
        profile,
    )


def read_withdrawal(message: Message) -> Withdrawal:
    """Who withdrew their consent, and when. MessageError for another message, or an old one."""
    method = message.parameters.get("msg_method")
    if method != WITHDRAWN:
        raise MessageError("it is about something else", "method")
    sent_at = _seconds(message.parameters.get("utc_timestamp"))
    if message.client.clock() - sent_at > MAX_AGE:
        raise MessageError("it is older than 48 hours", "old")
    content = _content(message.parameters.get("biz_content", ""))
    app_id = message.client.member_app_id
    ours = (message.client.app_id, app_id)
    if message.parameters.get("app_id") not in ours or content.get("app_id", app_id) != app_id:
        raise MessageError("it is about another app", "app")
    try:
        open_id, user_id = read_ids(content)
    except AlipayError as error:
        raise MessageError("its ids can't be read", "content") from error
    return Withdrawal(app_id, open_id, user_id, _seconds(content.get("cancel_time")))


def _parameters(body: bytes) -> tuple[dict[str, str], str]:
    """A form's parameters and Python's name of its charset.

    SignatureError if the form can't be read in the charset that it names, or has a name twice.
    """
    parts = [part for part in body.replace(b"+", b" ").split(b"&") if part]
    pairs = [part.partition(b"=") for part in parts]
    raw = [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pairs]
    named = dict(raw).get(b"charset", b"utf-8").decode("ascii", "replace")
    charset = CHARSETS.get(charset_name(named))
    if charset is None:
        raise SignatureError("the message names no charset that Alipay uses", "unsigned")
    try:
        parameters = {name.decode(charset): value.decode(charset) for name, value in raw}
    except UnicodeDecodeError:
        message = "the message is not in the charset that it names"
        raise SignatureError(message, "unsigned") from None
    if len(parameters) < len(raw):
        raise SignatureError("the message has a name more than once", "ambiguous")
    return parameters, charset


def _addressee(parameters: Mapping[str, str], clients: Sequence[AlipayClient]) -> AlipayClient:
    """The client of the app that the message is for; the first one if it is for none of them."""
    for client in clients:
        if parameters.get("app_id", "") in (client.app_id, client.merchant_app_id):
            return client
    return clients[0]


def _content(text: str) -> dict[str, Any]:
    """biz_content, a JSON object."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise MessageError("its biz_content is not a JSON object", "content")
    return content


def _seconds(milliseconds: object) -> float:
    """UTC seconds from milliseconds, which arrive as a number or as a string."""
    if not _MILLISECONDS.fullmatch(str(milliseconds)):
        raise MessageError("it names no moment", "content")
    return int(str(milliseconds)) / 1000
