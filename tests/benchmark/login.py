"""What signing and reading cost, as ratios within one run: python tests/benchmark/login.py

A key that is parsed once (as AlipayClient does) against one parsed for each call, the public SDK
python-alipay-sdk against ours on the same parameters, and verifying an answer against parsing it.
"""

import base64
import json
import sys
import time
from pathlib import Path

from alipay import AliPay
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from alipay_member.answer import read_answer
from alipay_member.signing import load_private_key, sign, string_to_sign, verify

PARAMETERS = {
    "app_id": "demo-mini",
    "method": "alipay.user.info.share",
    "charset": "utf-8",
    "sign_type": "RSA2",
    "timestamp": "2025-10-15 13:19:21",
    "version": "1.0",
    "auth_token": "authusrB" + "0" * 32,
}
NODE = json.dumps(
    {"code": "10000", "msg": "Success", "nick_name": "完整示例", "open_id": "0" * 47},
    ensure_ascii=False,
)


def seconds(work, times=200):
    """The fastest of five rounds, per call."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(times):
            work()
        rounds.append((time.perf_counter() - start) / times)
    return min(rounds)


def main():
    key = generate_private_key(65537, 2048)
    text = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.TraditionalOpenSSL, pem.NoEncryption()
    ).decode()
    public = key.public_key()
    spki = public.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo).decode()
    sdk = AliPay(
        appid="demo-mini",
        app_notify_url=None,
        app_private_key_string=text,
        alipay_public_key_string=spki,
    )
    unsigned = string_to_sign(PARAMETERS)
    body = b'{"alipay_user_info_share_response":%s,"sign":"%s"}' % (
        NODE.encode(),
        sign(NODE.encode(), key).encode(),
    )

    def read():
        answer = read_answer(body, "alipay.user.info.share", "utf-8")
        return verify(answer.signed_part, answer.sign, public)

    assert read()
    assert verify(unsigned.encode(), sdk._sign(unsigned), public)
    assert base64.b64decode(sign(unsigned.encode(), key))
    once = seconds(lambda: sign(string_to_sign(PARAMETERS).encode(), key))
    each = seconds(
        lambda: sign(string_to_sign(PARAMETERS).encode(), load_private_key(text)), times=5
    )
    other = seconds(lambda: sdk._sign(unsigned))
    print(f"sign, key parsed for each call : key parsed once   {each / once:6.1f} : 1")
    print(f"sign, python-alipay-sdk        : ours              {other / once:6.1f} : 1")
    parsed = seconds(lambda: json.loads(body))
    print(f"read and verify an answer      : json.loads alone  {seconds(read) / parsed:6.1f} : 1")


if __name__ == "__main__":
    main()
