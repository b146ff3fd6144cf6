"""Both languages of a document have the same code, links and headings, and links lead somewhere."""

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


def both(name, part):
    """What `part` finds in the English document and in its Chinese twin."""
    return part(read(name)), part(read(PAIRS[name]))


def same(word):
    """A name or link without what must differ between the languages."""
    return word.replace(".zh-CN", "").replace("lang=zh", "lang=en")


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_commands_and_snippets(name):
    for language in ("sh", "python", "powershell"):
        english, chinese = both(name, lambda text, of=language: blocks(text, of))
        assert english == chinese


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_headings(name):
    def outline(text):
        return re.findall(r"^#+ ", prose(text), re.MULTILINE)

    english, chinese = both(name, outline)
    assert english == chinese


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_links(name):
    def targets(text):  # a document's link to its twin is the one that differs
        found = [same(link.partition("#")[0]) for link in links(text)]
        return sorted(link for link in found if link != name.rpartition("/")[2])

    english, chinese = both(name, targets)
    assert english == chinese


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_have_the_same_code_words(name):
    english, chinese = both(name, lambda text: {same(word) for word in code(text)})
    assert english == chinese


def test_both_diagrams_have_the_same_steps():
    def arrows(text):
        return re.findall(r"^\s*(\w+-+>>\w+):", blocks(text, "mermaid")[0], re.MULTILINE)

    english, chinese = both("README.md", arrows)
    assert english
    assert english == chinese


# ── links ──


def test_links_lead_somewhere():
    dead = []
    for name in ALL:
        for link in links(read(name)):
            path, _, anchor = link.partition("#")
            target = (ROOT / name).parent / path.replace("\\", "") if path else ROOT / name
            if link.startswith("http"):
                continue
            if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
                dead.append((name, link))
    assert dead == []


def test_links_to_other_hosts_are_alipays_pages():
    addresses = [(name, urlsplit(link)) for name in ALL for link in links(read(name))]
    others = [
        (name, address.geturl())
        for name, address in addresses
        if address.scheme
        and address.hostname != "127.0.0.1"
        and (address.scheme != "https" or address.hostname not in HOSTS)
    ]
    assert others == []


def test_links_into_the_workbench_name_people_and_faults_that_it_has():
    from emulator.accounts import MEMBERS
    from emulator.faults import FAULTS

    known = {
        "lang": ("en", "zh"),
        "member": MEMBERS,
        "identity": ("open_id", "user_id", "both"),
        "fault": FAULTS,
        "app": ("mistakes",),
    }
    into = [link for link in links(read("README.md")) if "/workbench/" in link]
    assert into
    for link in into:
        for name, (value,) in parse_qs(urlsplit(link).query).items():
            assert value in known[name], link
