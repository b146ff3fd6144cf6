# SPDX-License-Identifier: MIT-0
"""The client, from the environment; .env.example says what each name holds."""

import os

from alipay_member import GATEWAYS, AlipayClient

NAMES = ("ALIPAY_ENV", "ALIPAY_APP_ID", "ALIPAY_APP_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY")


def new_client(values=os.environ):
    missing = [name for name in NAMES if not values.get(name)]
    if missing:
        raise SystemExit(f"not set: {', '.join(missing)}. See .env.example")
    env, app_id, private_key, public_key = [values[name] for name in NAMES]
    gateway = GATEWAYS.get(env, {"gateway_url": values.get("ALIPAY_GATEWAY_URL", "")})
    keys = {"app_private_key": private_key, "alipay_public_key": public_key}
    return AlipayClient(app_id=app_id, **keys, **gateway)
