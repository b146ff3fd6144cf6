# SPDX-License-Identifier: MIT-0
"""Whose auth_code is this? Prints the profile, or what went wrong and what to do about it."""

import sys

from alipay_config import new_client
from alipay_member import AlipayError
from alipay_member.explain import describe

try:
    client = new_client()
    token = client.exchange_code(input("auth_code: "))
    print(client.fetch_profile(token.access_token))
except AlipayError as error:
    described = describe(error, "en")
    sys.exit(f"{described.message}\n{described.hint}\n{described.report}")
