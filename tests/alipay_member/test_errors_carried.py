"""An error goes whole from a worker's process to another, and through copy."""

import copy
import itertools
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from alipay_member import errors
from alipay_member.errors import AlipayError, Call
from alipay_member.explain import describe
from wire import answer, answering, encoded

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
