"""Every error that the gateway knows, switched on in the emulator and seen as what it is."""

import copy
import itertools
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from alipay_member import AlipayClient, errors
from alipay_member.answer import read_error
from alipay_member.errors import (
    AlipayError,
    Call,
    GatewayError,
    IdentityError,
    SignatureError,
    TransportError,
)
from documented_errors import BUSY, CODES, INVALID
from explained import describe, full_text
from helpers import needs_emulator
from wire import answer, answering, encoded

UNSIGNED = {
    "isv.invalid-app-id",
    "isv.missing-app-id",
}  # Alipay can't sign for an app that it does not know
ALSO_UNSIGNED = (
    "isp.unknow-error",
    "aop.unknow-error",
    "isv.code-invalid",
    "isv.refresh-token-invalid",
    "aop.invalid-app-auth-token",
)
CASES = [(row[3], row, row[3] not in UNSIGNED) for row in CODES]
CASES += [(f"unsigned:{row[3]}", row, False) for row in CODES if row[3] in ALSO_UNSIGNED]
CASES += [("gbk-20000", CODES[0], False)]


@pytest.fixture(scope="module")
def emulator():
    """One for all tests of this file."""
    import emulator

    running = emulator.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(emulator, tmp_path_factory):
    from server.settings import Settings

    settings = Settings.load(tmp_path_factory.mktemp("app"), values=emulator.settings())
    return AlipayClient(**settings.client_options(settings.app))


@pytest.fixture
def calls(emulator, client, auth_code):
    """The three calls, each of which would succeed."""
    token = client.exchange_code(auth_code())
    yield {
        "exchange": lambda: client.exchange_code(auth_code()),
        "refresh": lambda: client.refresh_token(token.refresh_token),
        "fetch": lambda: client.fetch_profile(token.access_token),
    }
    emulator.faults.set(None)


def raised(call, kind=AlipayError):
    with pytest.raises(kind) as caught:
        call()
    return caught.value


@needs_emulator
@pytest.mark.parametrize(("fault", "row", "verified"), CASES, ids=[case[0] for case in CASES])
def test_code_is_reported_as_the_gateway_sent_it_and_explained(
    emulator, calls, fault, row, verified
):
    call, code, msg, sub_code, sub_msg, zh, en = row
    emulator.faults.set(fault, 1)
    error = raised(calls[call])
    assert type(error) is GatewayError
    assert (error.code, error.msg, error.sub_code, error.sub_msg) == (code, msg, sub_code, sub_msg)
    assert error.verified is verified
    assert zh in full_text(error, "zh")
    assert en in full_text(error, "en")
    assert str(error).startswith(f"{code} {msg}: {sub_code}")
    calls["exchange"]()  # and nothing stays broken


REFUSED = [
    ("tampered", SignatureError, "tampered", "被改动", "was changed"),
    ("replayed", SignatureError, "tampered", "来自另一个应答", "belongs to another answer"),
    ("wrong-key", SignatureError, "wrong-key", "支付宝公钥", "支付宝公钥"),
    ("other-cert", SignatureError, "wrong-key", "支付宝公钥", "支付宝公钥"),
    ("unsigned", SignatureError, "unsigned", "没有签名", "no signature"),
    ("empty-sign", SignatureError, "unsigned", "没有签名", "no signature"),
    ("sha1", SignatureError, "sha1", "RSA2", "RSA2"),
    ("app-key", SignatureError, "app-key", "填的是应用公钥", "You pasted 应用公钥"),
    ("node-twice-first", SignatureError, "ambiguous", "不止一个", "more than one"),
    ("node-twice-last", SignatureError, "ambiguous", "不止一个", "more than one"),
    ("other-node", TransportError, "unexpected", "没有这个方法", "no result of this method"),
    ("http-500", TransportError, "http-status", "HTTP 状态不是 200", "HTTP status is not 200"),
    ("html", TransportError, "not-json", "不是 JSON", "not JSON"),
    ("truncated", TransportError, "cut", "只到了一部分", "Only part of the answer"),
    ("deep", TransportError, "not-json", "不是 JSON", "not JSON"),
    ("huge", TransportError, "too-large", "1 MB", "1 MB"),
    ("disconnect", TransportError, "connection", "连接中途断开", "connection broke"),
    ("no-id", IdentityError, "no-id", "没有 open_id", "neither open_id nor user_id"),
]
ACCEPTED = ["cert-sn", "no-cert-sn", "white-space", "tricky-text"]
SLOW = "slow"  # with a client that waits less: test_slow_gateway_times_out
ONLY_THE_STORE_SEES_IT = "other-person"  # who the member is, no client knows: tests/app/test_app.py


@needs_emulator
def test_every_fault_is_in_one_of_the_lists_above():
    from emulator.faults import FAULTS

    groups = ("signature", "transport", "identity", "legal")
    names = {name for name, fault in FAULTS.items() if fault.group in groups}
    listed = {row[0] for row in REFUSED} | {*ACCEPTED, SLOW, ONLY_THE_STORE_SEES_IT}
    assert names - listed == set(), "add to REFUSED or, if the client must accept it, to ACCEPTED"
    assert listed - names == set(), "in a list above, but no fault has this name"
    legal = {name for name, fault in FAULTS.items() if fault.group == "legal"}
    assert legal == set(ACCEPTED)  # so each that must be accepted is tried below


@needs_emulator
@pytest.mark.parametrize(
    ("fault", "kind", "reason", "zh", "en"), REFUSED, ids=[row[0] for row in REFUSED]
)
@pytest.mark.parametrize("call", ["exchange", "refresh", "fetch"])
def test_wrong_answer_is_refused_with_its_reason(
    emulator, calls, call, fault, kind, reason, zh, en
):
    emulator.faults.set(fault, 1)
    error = raised(calls[call])
    assert (type(error), error.reason) == (kind, reason)
    assert error.key.endswith(f":{reason}")
    assert zh in full_text(error, "zh")
    assert en in full_text(error, "en")


@needs_emulator
def test_slow_gateway_times_out(emulator, settings, auth_code):
    client = AlipayClient(**settings.client_options(settings.app), timeout=(1, 0.3))
    emulator.faults.set(SLOW, 1)
    assert raised(lambda: client.exchange_code(auth_code())).key == "transport:timeout"


@needs_emulator
@pytest.mark.parametrize("fault", ACCEPTED)
def test_unusual_but_lawful_answer_is_accepted(emulator, calls, fault):
    emulator.faults.set(fault)
    calls["exchange"]()
    assert calls["fetch"]().nick_name == (
        '小}二{"\\","sign":"x"' if fault == "tricky-text" else "完整示例"
    )


@pytest.mark.parametrize(
    ("theirs", "zh", "en"),
    [
        (
            "app_id=demo-mini&b=1&charset=utf-8",
            "网关 charset=utf-8，我们 charset=GBK",
            "gateway charset=utf-8, ours charset=GBK",
        ),
        (
            "app_id=demo-mini&charset=GBK",
            "网关 charset=GBK，我们 b=***(1)",
            "gateway charset=GBK, ours b=***(1)",
        ),
        ("app_id=demo-mini&b=1", "网关 ∅，我们 charset=GBK", "gateway ∅, ours charset=GBK"),
        (
            "app_id=demo-mini&b=s3cr3t&charset=GBK",
            "网关 b=***(6)，我们 b=***(1)",
            "gateway b=***(6), ours b=***(1)",
        ),
        ("app_id=demo-mini&b=1&charset=GBK&z=s3cr3t", "网关 ***，我们 ∅", "gateway ***, ours ∅"),
        ("app_id=demo-mini&b=1&charset=GBK", "密钥不成对", "the keys are not a pair"),
    ],
)
def test_invalid_signature_shows_the_first_difference(theirs, zh, en):
    sub_msg = "验签出错，…，网关生成的验签字符串为：" + theirs.replace("&", "&amp;")
    node = {
        "code": "40002",
        "msg": INVALID,
        "sub_code": "isv.invalid-signature",
        "sub_msg": sub_msg,
    }
    sent = {"app_id": "demo-mini", "b": "1", "charset": "GBK", "sign": "x"}
    error = read_error(node, sent, "app_id=demo-mini&b=1&charset=GBK", verified=True)
    assert zh in full_text(error, "zh")
    assert en in full_text(error, "en")
    assert "s3cr3t" not in full_text(error, "zh") + full_text(error, "en") + str(error)


@needs_emulator
def test_invalid_signature_with_a_strangers_key_says_that_the_keys_are_no_pair(
    emulator, settings, auth_code
):
    key = settings.web.app_private_key
    stranger = AlipayClient(**settings.client_options(settings.app) | {"app_private_key": key})
    error = raised(
        lambda: stranger.execute(
            "alipay.user.info.share", {"note": '<b>&"王'}, auth_token="authusrB0"
        )
    )
    assert (error.sub_code, error.verified) == ("isv.invalid-signature", True)
    assert "the keys are not a pair" in full_text(error, "en")


def test_sub_code_that_nobody_knows_is_explained_by_its_code():
    node = encoded({"code": "20000", "msg": BUSY, "sub_code": "isp.new-one"})
    error = raised(lambda: answering(answer(node)).fetch_profile("t"))
    assert "Try again later" in full_text(error, "en")


def test_code_that_nobody_knows_is_still_reported():
    error = raised(
        lambda: answering(answer(b'{"code":"59999","msg":"New"}')).fetch_profile("t"), GatewayError
    )
    assert (error.code, error.msg, error.sub_code) == ("59999", "New", "")
    assert describe(error, "zh").hint.startswith("这里没有这个错误码的解释。")
    assert describe(error, "en").hint.startswith("There is no explanation of this code here.")


@pytest.mark.parametrize("sub_code", ["signature:tampered", "session-ended", "bad-request:json"])
def test_sub_code_can_not_pass_for_an_error_of_ours(sub_code):
    error = GatewayError("40004", "Business Failed", sub_code, "", verified=False)
    assert error.key == "gateway-error"
    assert error.sub_code == sub_code  # still reported as it came


SAMPLES = {
    "AlipayError": AlipayError("what happened", "why"),
    "GatewayError": errors.GatewayError(
        *("40002", "Invalid Arguments", "isv.invalid-signature", "验签出错"),
        verified=False,
        difference=("charset=utf-8", "charset=GBK"),
    ),
    "SignatureError": errors.SignatureError("not good", "wrong-key", ("aa", "bb")),
    "TransportError": errors.TransportError("nothing came", "timeout"),
    "IdentityError": errors.IdentityError("nobody", "no-id"),
    "SessionEnded": errors.SessionEnded("log in again"),
    "MessageError": errors.MessageError("old", "old"),
    "RefreshUnderWay": errors.RefreshUnderWay("in a moment"),
    "DatabaseError": errors.DatabaseError("full"),
    "SchemaError": errors.SchemaError("version 1"),
    "KeyFormatError": errors.KeyFormatError("empty", "empty"),
    "CertificateError": errors.CertificateError("another's", "other-app", "app", "demo-web"),
}
CALL = Call("alipay.user.info.share", "https://openapi.alipay.com/gateway.do", {"sign": "***(9)"})
CARRIED = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda error, protocol=protocol: pickle.loads(
            pickle.dumps(error, protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


def kinds(base):
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_every_class_is_tried():
    own = {kind.__name__ for kind in kinds(AlipayError) if kind.__module__ == errors.__name__}
    assert own == set(SAMPLES)
    assert {type(error).__name__ for error in SAMPLES.values()} == own


@pytest.mark.parametrize(("name", "way"), [*zip(SAMPLES, itertools.cycle(CARRIED), strict=False)])
def test_an_error_is_the_same_afterwards(name, way):
    carry = CARRIED[way]
    error = copy.copy(SAMPLES[name])
    error.call = CALL
    arrived = carry(error)
    assert type(arrived) is type(error)
    assert arrived is not error
    assert (str(arrived), arrived.key, arrived.call) == (str(error), error.key, CALL)
    assert (vars(arrived), arrived.args) == (vars(error), error.args)
    assert describe(arrived, "zh") == describe(error, "zh")


def refuse():
    node = encoded({"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"})
    answering(answer(node, "error_response")).exchange_code("c0de")


def test_an_error_comes_out_of_a_pool_of_processes():
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, pytest.raises(AlipayError) as caught:
        pool.submit(refuse).result(timeout=60)
    assert caught.value.key == "isv.code-invalid"
    assert caught.value.call.method == "alipay.system.oauth.token"
