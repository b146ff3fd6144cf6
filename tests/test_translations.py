"""The documents' two languages say the same, and their links lead somewhere."""

import ast
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from documents import ALL, PAIRS, anchors, blocks, code, links, prose, read
from helpers import ROOT, needs_emulator

pytestmark = needs_emulator  # they link to it
ENGLISH = [name for name in PAIRS if name != "docs/workshop.md"]  # that one has tests of its own
HOSTS = (
    *("alipay.com", "open.alipay.com", "opendocs.alipay.com", "miniu.alipay.com"),
    *("docs.astral.sh", "flask.palletsprojects.com"),
)


@pytest.mark.parametrize("name", ENGLISH)
@pytest.mark.parametrize("part", [r"^## ", r"^### ", r"^- ", r"^- \[ \] ", r"^\|", r"^!", r"^<"])
def test_both_languages_have_the_same_parts(name, part):
    english, chinese = (
        re.findall(part, prose(read(one)), re.MULTILINE) for one in (name, PAIRS[name])
    )
    assert len(english) == len(chinese)


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_links(name):
    english, chinese = (
        [
            one.partition("#")[0].replace(".zh-CN", "").replace("lang=zh", "lang=en")
            for one in links(read(each))
        ]
        for each in (name, PAIRS[name])
    )
    assert sorted(english) == sorted(chinese)


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_code_words(name):
    english, chinese = (
        {one.replace(".zh-CN", "") for one in code(read(each))} for each in (name, PAIRS[name])
    )
    assert english == chinese


def test_both_diagrams_have_the_same_steps():
    english, chinese = (
        re.findall(r"^\s*(\w+-+>>\w+):", blocks(read(name), "mermaid")[0], re.MULTILINE)
        for name in ("README.md", PAIRS["README.md"])
    )
    assert english == chinese
    assert len(english) > 15


# ── links ──


@pytest.mark.parametrize("name", ALL)
def test_links_lead_somewhere(name):
    for link in links(read(name)):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path.replace("\\", "") if path else ROOT / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("name", ALL)
def test_links_to_other_hosts_are_alipay_s_pages(name):
    for link in links(read(name)):
        address = urlsplit(link)
        if address.scheme and address.hostname != "127.0.0.1":
            assert address.scheme == "https"
            assert address.hostname in HOSTS


def test_each_method_and_page_that_the_table_names_has_its_link():
    text = read("README.md")
    for name in (
        *("my.getAuthCode", "my.request", "my.getOpenUserInfo", "my.getPhoneNumber"),
        *("alipay.system.oauth.token", "alipay.user.info.share"),
        "alipay.open.auth.userauth.cancelled",
    ):
        assert f"[`{name}`](https://opendocs.alipay.com/" in text


def test_links_into_the_workbench_are_ones_that_it_understands():
    from emulator.accounts import MEMBERS
    from emulator.faults import FAULTS

    page = read("workbench/page/workbench.html")
    identities = re.search(r"request\.args\.identity in (\(.*?\))", page)[1]

    known = {
        "lang": ["en", "zh"],
        "member": list(MEMBERS),
        "identity": ast.literal_eval(identities),
        "fault": list(FAULTS),
        "app": ["mistakes"],
    }
    into = [link for link in links(read("README.md")) if "/workbench/" in link]
    assert len(into) == 4
    for link in into:
        for name, (value,) in parse_qs(urlsplit(link).query).items():
            assert value in known[name]
