"""One palette: the mini-program, which is copied alone, writes out its colours."""

import re

import pytest

from helpers import ROOT

COLOUR = re.compile(r"#[0-9a-f]{3,8}\b", re.IGNORECASE)
ROOMS = ("static", "emulator/static", "workbench/phone")
PALETTE = set(COLOUR.findall((ROOT / "static/palette.css").read_text("utf-8")))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "miniprogram").rglob("*.acss")), ids=lambda path: path.name
)
def test_the_mini_programs_colours_are_the_palettes(path):
    assert set(COLOUR.findall(path.read_text("utf-8"))) <= PALETTE


@pytest.mark.parametrize(
    "path",
    [path for room in ROOMS for path in sorted((ROOT / room).glob("*.css"))],
    ids=lambda path: path.name,
)
def test_no_other_style_sheet_has_colours_of_its_own(path):
    if path.name != "palette.css":
        declarations = re.findall(r":([^:{}]*);", path.read_text("utf-8"))
        assert [value for value in declarations if COLOUR.search(value)] == []
