"""What survives when the server, or the emulated Alipay behind it, is started again."""

import pytest
import requests


def restarted(emulator, port):
    """A new emulator, which knows nothing of the old one's keys and tokens."""
    import emulator as package

    return package.start(port)


def give_code(emulator):
    body = {"member": "complete", "scopes": ["auth_user"]}
    return requests.post(f"{emulator.url}/emulator/auth-code", json=body, timeout=10).json()[
        "auth_code"
    ]


def open_session(url, emulator):
    answer = requests.post(f"{url}/api/auth", json={"auth_code": give_code(emulator)}, timeout=10)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['session']}"}, answer.json()["member"]


@pytest.fixture
def fresh():
    """fresh(emulator, port) → the same, started again; ended with the test."""
    running = []

    def start(emulator, port=0):
        running.append(restarted(emulator, port))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def test_sessions_and_members_survive_a_restart_of_the_server(emulator, serve):
    url, _ = serve(emulator.settings())
    session, _ = open_session(url, emulator)
    member = requests.post(f"{url}/api/member", headers=session, timeout=10).json()["member"]

    url, _ = serve(emulator.settings())
    assert requests.get(f"{url}/api/member", headers=session, timeout=10).json() == {
        "member": member
    }
    assert requests.post(f"{url}/api/member", headers=session, timeout=10).status_code == 200


def test_web_login_survives_a_restart_of_the_server(emulator, serve):
    url, _ = serve(emulator.settings())
    browser = requests.Session()
    page = browser.get(f"{url}/login", timeout=10).url
    assert browser.post(
        page, data={"member": "complete"}, headers={"Origin": emulator.url}, timeout=10
    ).ok
    url, _ = serve(emulator.settings())
    assert "完整示例" in browser.get(f"{url}/member", timeout=10).text
    browser.close()


def test_restarted_emulator_has_forgotten_the_token_and_the_way_on_is_a_new_code(
    emulator, serve, fresh
):
    url, _ = serve(emulator.settings())
    session, member = open_session(url, emulator)
    again = fresh(emulator)
    url, _ = serve(again.settings())

    kept = requests.get(f"{url}/api/member", headers=session, timeout=10)
    assert kept.json() == {"member": member}
    refused = requests.post(f"{url}/api/member", headers=session, timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "aop.invalid-auth-token")
    assert "重新授权" in refused.json()["error"]["hint"]
    session, same = open_session(url, again)
    assert same == member  # the person's open_id is the same, so it is the same row
    assert requests.post(f"{url}/api/member", headers=session, timeout=10).status_code == 200


def test_restarted_emulator_makes_the_page_offer_to_authorise_again(emulator, serve, fresh):
    url, _ = serve(emulator.settings())
    browser = requests.Session()
    page = browser.get(f"{url}/login", timeout=10).url
    browser.post(page, data={"member": "complete"}, headers={"Origin": emulator.url}, timeout=10)
    again = fresh(emulator)
    url, _ = serve(again.settings())

    refused = browser.post(f"{url}/member", headers={"Origin": url}, timeout=10)
    assert refused.status_code == 403
    assert 'href="/login?again=1"' in refused.text
    page = browser.get(f"{url}/login?again=1", timeout=10).url
    assert page.startswith(again.url)
    after = browser.post(
        page, data={"member": "complete"}, headers={"Origin": again.url}, timeout=10
    )
    assert after.url == f"{url}/member"
    assert "完整示例" in after.text
    browser.close()


def test_emulator_restarted_alone_has_new_keys_and_the_error_says_so(emulator, serve, fresh):
    url, _ = serve(emulator.settings())
    session, _ = open_session(url, emulator)
    emulator.stop()
    again = fresh(emulator, int(emulator.url.rpartition(":")[2]))

    refused = requests.post(f"{url}/api/member", headers=session, timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "isv.invalid-signature")
    assert "重启本应用" in refused.json()["error"]["hint"]
    refused = requests.post(f"{url}/api/auth", json={"auth_code": give_code(again)}, timeout=10)
    assert refused.status_code == 502


def test_emulator_that_is_gone_is_a_502_that_says_so(emulator, serve):
    url, _ = serve(emulator.settings())
    session, _ = open_session(url, emulator)
    emulator.stop()
    refused = requests.post(f"{url}/api/member", headers=session, timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "transport:connection")
    assert "确认它正在运行" in refused.json()["error"]["hint"]
