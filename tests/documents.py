"""The documents as tests read them: pairs in two languages, their blocks, links and code words."""

import re
import subprocess
import sys

from helpers import ROOT

PAIRS = {  # English → Chinese
    "README.md": "README.zh-CN.md",
    "docs/real-account.md": "docs/real-account.zh-CN.md",
    "docs/production.md": "docs/production.zh-CN.md",
    "docs/workshop.md": "docs/workshop.zh-CN.md",
}
ALL = [*PAIRS, *PAIRS.values(), "docs/errors.md", "docs/CONTRIBUTING.md"]


def read(name):
    return (ROOT / name).read_text("utf-8")


def blocks(text, language):
    """The code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text):
    """Each line of the sh blocks."""
    return [line for block in blocks(text, "sh") for line in block.splitlines()]


def prose(text):
    """The text without its code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def code(text):
    """What stands in backticks."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def links(text):
    """Where the links and pictures lead, but not what stands in backticks."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(text)))


def anchors(text):
    """The parts behind # that lead to the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)
    plain = [re.sub(r"\]\([^)]*\)|[`*\[]", "", heading).lower() for heading in headings]
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in plain}


def run_in(folder, *words, typed="", **values):
    """Run Python there with these environment variables alone; its exit status and output."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=values,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
