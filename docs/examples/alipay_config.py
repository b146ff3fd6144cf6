# SPDX-License-Identifier: MIT-0
"""The client, from the environment; .env.example says what each name holds."""

import os

from alipay_member import GATEWAYS, AlipayClient


def new_client(values=os.environ):
    gateway = GATEWAYS.get(values["ALIPAY_ENV"]) or {"gateway_url": values["ALIPAY_GATEWAY_URL"]}
    return AlipayClient(
        app_id=values["ALIPAY_APP_ID"],
        app_private_key=values["ALIPAY_APP_PRIVATE_KEY"],
        alipay_public_key=values["ALIPAY_PUBLIC_KEY"],
        **gateway,
    )
