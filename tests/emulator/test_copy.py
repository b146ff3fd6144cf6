"""emulator/ and alipay_member/, copied alone: a whole Alipay, styled, without the app."""

import os
import re
import shutil
import subprocess
import sys
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from helpers import NOT_OURS, ROOT, needs_emulator

pytestmark = needs_emulator
AUTHORIZE = (
    "/oauth2/publicAppAuthorize.htm?app_id=demo-web&scope=auth_user"
    "&redirect_uri=http://127.0.0.1:8000/callback"
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder with nothing but the two."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("emulator", "alipay_member"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*NOT_OURS))
    return folder


@pytest.fixture(scope="module")
def url(copy):
    """The address of `python -m emulator`, run in the copy."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "--port", "0"],
        cwd=copy,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    yield re.search(r"http://[0-9.:]+", process.stdout.readline())[0]
    process.terminate()
    process.communicate()


def assets(page, text):
    """The addresses of the style sheets and scripts of a page, and of what those import."""
    found = {
        urljoin(page, link) for link in re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', text)
    }
    known = set()
    while found:
        asset = found.pop()
        known.add(asset)
        answer = requests.get(asset, timeout=5)
        assert answer.status_code == 200, asset
        imported = re.findall(r"(?:from|import) '([^']+)'|url\(['\"]?([^'\")]+)", answer.text)
        found |= {urljoin(asset, first or second) for first, second in imported} - known
    return known


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/", {"palette.css", "page.css", "trace.css", "inspector.css", "inspector.js", "dom.js"}),
        (AUTHORIZE, {"palette.css", "authorize.css"}),
    ],
)
def test_its_pages_have_all_their_style_sheets_and_scripts(url, path, needed):
    page = requests.get(url + path, timeout=5)
    assert page.status_code == 200
    found = assets(page.url, page.text)
    assert {urlsplit(asset).hostname for asset in found} == {"127.0.0.1"}
    assert needed <= {asset.rpartition("/")[2] for asset in found}


def test_each_style_sheet_and_script_is_used_by_a_page(url):
    used = set()
    for path in ("/", AUTHORIZE):
        page = requests.get(url + path, timeout=5)
        used |= {asset.rpartition("/")[2] for asset in assets(page.url, page.text)}
    assert {path.name for path in (ROOT / "emulator/static").iterdir()} == used


def test_it_loads_no_store_and_nothing_of_the_app(copy):
    code = "import emulator, sys; print(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    loaded = subprocess.check_output(command, cwd=copy, encoding="utf-8", timeout=30).split()
    roots = {name.partition(".")[0] for name in loaded}
    assert not roots & {"app", "server", "workbench", "workshop", "dotenv", "sqlite3", "psycopg"}
    assert not [name for name in loaded if name.startswith("alipay_member.store")]


def test_its_palette_is_the_apps():
    own, apps = (ROOT / folder / "static/palette.css" for folder in ("emulator", "."))
    assert own.read_text("utf-8") == apps.read_text("utf-8")
