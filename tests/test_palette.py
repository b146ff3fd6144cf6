"""One palette: the mini-program, which is copied alone, writes out its colours."""

import re

from helpers import ROOT, project_files

COLOUR = re.compile(r"#[0-9a-f]{3,8}\b", re.IGNORECASE)
DECLARATION = re.compile(r":([^:{}]*);")


def colours(path):
    return set(COLOUR.findall(path.read_text("utf-8")))


def test_colours_are_the_palettes():
    palette = colours(ROOT / "static/palette.css")
    pages = sorted((ROOT / "miniprogram").rglob("*.acss"))
    assert pages
    assert {path.name: colours(path) - palette for path in pages if colours(path) - palette} == {}


def test_no_other_style_sheet_has_colours_of_its_own():
    own = {}
    for path in project_files():
        if path.suffix == ".css" and path.name != "palette.css":
            values = DECLARATION.findall(path.read_text("utf-8"))
            if found := [value for value in values if COLOUR.search(value)]:
                own[str(path.relative_to(ROOT))] = found
    assert own == {}
