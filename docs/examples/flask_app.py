# SPDX-License-Identifier: MIT-0
"""Two routes more for a Flask app that you have: log in, and save the profile."""

from flask import Flask, abort, request

from alipay_member import AlipayError
from alipay_member.explain import describe
from alipay_member.store import with_live_token

STATUS = {"session-ended": 401, "isv.code-invalid": 401, "refresh-under-way": 503}


def add_member_info(app: Flask, client, store):
    @app.post("/api/auth")
    def auth():
        body = request.get_json()
        auth_code = body.get("auth_code") if isinstance(body, dict) else None
        if not auth_code or not isinstance(auth_code, str):
            abort(400)
        token = client.exchange_code(auth_code)
        session_token, session = store.sign_in(client.member_app_id, token)
        return {"session": session_token, "member": session.member.as_dict()}

    @app.post("/api/member")
    def save_member():
        session_token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        session = store.session(session_token)
        profile = with_live_token(session, client.fetch_profile, client=client, store=store)
        return {"member": store.save_profile(session, profile).as_dict()}

    @app.errorhandler(AlipayError)
    def show_error(error):
        described = describe(error, "en")
        app.logger.warning("%s\n%s\n%s", described.message, described.hint, described.report)
        status = STATUS.get(described.key, 502)
        return {"error": {"code": described.key, "message": described.message}}, status
