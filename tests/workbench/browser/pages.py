"""Page objects for the tests in a browser: the workbench and its phone, trace and contrast.

Tests name things by key: words of the product are looked up here, in the product's own tables.
"""

import json
import re
from urllib.parse import urlencode

from playwright.sync_api import FrameLocator, Locator, Page, expect

from emulator.accounts import MEMBERS
from helpers import ROOT
from workbench.laboratory import all_faults

LANGUAGES = ("zh", "en")
WORDS = json.loads((ROOT / "workbench/words.json").read_text("utf-8"))
FAULTS = {fault["name"]: fault for fault in all_faults()}
# The mini-program's buttons by their English gloss: "update member info" → its Chinese label.
LABELS = {gloss: label for label, gloss in WORDS["glosses"].items()}

# Where the phone is sticky, Chromium can't be asked to scroll something inside it into view:
# scroll as a person would.
TO_STICKY_PHONE = """() => {
  const column = document.querySelector(".stage > :first-child");
  if (getComputedStyle(column).position === "sticky") {
    document.querySelector("[data-testid=trace]").scrollIntoView();
  }
}"""
# The mini-program's own table, read by the browser: code → {message, label}
MESSAGE = """([code, status]) => import("/workbench/files/miniprogram/messages.js")
  .then((messages) => messages.errorFor(code, status))"""


def profile(member: str) -> dict[str, str]:
    """What the emulated Alipay knows of a member."""
    found: dict[str, str] = MEMBERS[member]["profile"]
    return found


def ui(key: str, lang: str = "zh") -> str:
    """A short text of the workbench."""
    text: str = WORDS["ui"][key][lang]
    return text


class Phone:
    """The phone on the workbench, in whose frame the mini-program runs."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.frame: FrameLocator = tab.frame_locator("[data-testid=phone]")
        self.id: Locator = self.frame.locator(".value")
        self.error: Locator = self.frame.locator(".error-code")
        self.sheet: Locator = self.frame.locator("#consent")
        self.pointed: Locator = self.frame.locator("[data-point]")

    def button(self, gloss: str) -> Locator:
        """A button of the mini-program, by its gloss in words.json."""
        return self.frame.locator("button", has_text=re.compile(rf"^\s*{LABELS[gloss]}\s*$"))

    def tap(self, gloss: str) -> None:
        self._scroll()
        self.button(gloss).click()

    def answer(self, value: str) -> None:
        """Answer the open dialog: agree, refuse or back on the consent sheet, else ok or cancel."""
        self._scroll()
        self.frame.locator(f"dialog[open] [value={value}]").click()

    def member_centre(self) -> None:
        """Go to the member centre, once the silent login is over."""
        self.id.wait_for()
        self.tap("member centre")
        self.frame.locator("#pages > :nth-child(2)").wait_for()

    def authorise(self, answer: str = "agree") -> None:
        """Tap the member centre's button, and answer the consent sheet."""
        self.tap("authorise and get member info")
        self.answer(answer)

    def update(self) -> None:
        self.tap("update member info")

    def go_on(self) -> None:
        """Tap the button that an error offers: try again, authorise again or back."""
        self._scroll()
        self.frame.locator("page:last-child .button-error").click()

    def forget(self) -> None:
        self.tap("forget me")
        self.answer("ok")

    def saved(self, text: str = "") -> None:
        """Wait until the member centre shows a saved profile, with this text in it.

        Anywhere on the screen would not do: the consent sheet has a nickname, too.
        """
        expect(self.button("update member info")).to_be_enabled()
        expect(self.frame.locator(".saved .known", has_text=text).last).to_be_visible()

    def failed_with(self, code: str, status: int = 0) -> None:
        """Wait until the screen shows this code, the sentence for it and its way on."""
        expect(self.error).to_have_text(code)
        known = self.tab.evaluate(MESSAGE, [code, status])
        shown = self.frame.locator(".error", has=self.error)
        expect(shown).to_contain_text(known["message"])
        if known["label"]:
            expect(shown.locator("button")).to_have_text(known["label"])

    def works(self) -> None:
        """Wait until no error is shown any more."""
        expect(self.error).to_have_count(0)

    def _scroll(self) -> None:
        self.tab.evaluate(TO_STICKY_PHONE)


class Trace:
    """The steps of what happened."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.steps: Locator = tab.get_by_test_id("trace-step")

    def of_kind(self, kind: str) -> Locator:
        """The steps of a kind: call, request, exchange, message, store, action, taps, decision."""
        return self.tab.locator(f"[data-testid=trace-step][data-kind={kind}]")

    def step(self, text: str) -> Locator:
        """The step with this text that is the newest at each look."""
        return self.steps.filter(has_text=text).last

    def newest(self, kind: str) -> Locator:
        """The step of a kind that is the newest at each look."""
        return self.of_kind(kind).last

    def pinned(self, kind: str) -> Locator:
        """The step of a kind that is the newest now; it stays this one when others follow."""
        self.newest(kind).wait_for()
        return self.of_kind(kind).nth(self.of_kind(kind).count() - 1)

    def open(self, step: Locator) -> Locator:
        """Open a step; what is inside."""
        step.locator("summary").first.click()
        step.locator(".inside > p").wait_for()
        return step.locator(".inside")

    def chip(self, step: Locator, word: str) -> Locator:
        """The chip of a step that says how it ended: ok, failed, saved, verified…"""
        return step.locator(f".chip.{word}")

    def says(self, step: Locator, key: str) -> None:
        """Wait until a step has this sentence, in the page's language."""
        lang = self.tab.evaluate("document.documentElement.lang")
        expect(step).to_contain_text(WORDS["steps"][key][lang], use_inner_text=True)

    def group(self, gloss: str) -> Locator:
        """The newest group of steps under a heading that names this button."""
        return self.under(LABELS[gloss])

    def under(self, heading: str) -> Locator:
        """The newest group of steps whose heading has this text."""
        return self.tab.locator(".group").filter(has=self.tab.locator("h3", has_text=heading)).last

    def headings(self) -> list[str]:
        return self.tab.locator("#steps h3").evaluate_all(
            "heads => heads.map(head => head.querySelector('.zh').textContent)"
        )

    @staticmethod
    def titles(steps: Locator) -> list[str]:
        return steps.evaluate_all(
            "rows => rows.map(row => row.querySelector('summary > code').textContent)"
        )


class Column:
    """A column of the contrast: client, server or naive."""

    def __init__(self, tab: Page, name: str) -> None:
        self.name = name
        self.root: Locator = tab.get_by_test_id(f"{name}-profile")
        self.seal: Locator = tab.locator(f"#{name}-seal")

    def field(self, name: str) -> Locator:
        return self.root.locator(f"[data-field={name}] dd")

    def sealed(self, more: str = "") -> None:
        """Wait until the seal is this one of words.json."""
        key = f"{self.name}-{more}" if more else self.name
        expect(self.seal).to_have_text(in_any_language(WORDS["seals"][key]), use_inner_text=True)


def in_any_language(words: dict[str, str]) -> re.Pattern[str]:
    """Matches the sentence in either language, with anything in the place of {names}."""
    filled = [re.sub(r"\\{[^}]*\\}", ".*", re.escape(words[lang])) for lang in LANGUAGES]
    return re.compile(f"^({'|'.join(filled)})$")


class Workbench:
    """The page at /workbench in one tab."""

    def __init__(self, tab: Page, url: str) -> None:
        self.tab = tab
        self.url = url
        self.phone = Phone(tab)
        self.trace = Trace(tab)
        self.client = Column(tab, "client")
        self.server = Column(tab, "server")
        self.naive = Column(tab, "naive")
        self.broke: Locator = tab.locator("#error")
        self.banner: Locator = tab.locator("#armed")
        self.differing: Locator = tab.locator(".differs")

    def open(self, **query: str) -> None:
        """Open the page at what its address can name: member, app, identity, fault, chapter…"""
        self.tab.goto(f"{self.url}/workbench/?{urlencode(query)}")

    def open_saved(self, **query: str) -> None:
        """Open the page, and let the person agree: the profile is saved."""
        self.open(**query)
        self.phone.member_centre()
        self.phone.authorise()
        self.phone.saved()

    # ── the contrast ──

    def moral(self, key: str) -> Locator:
        """Wait until the contrast has this moral of words.json."""
        moral = self.tab.locator(f"[data-testid=moral][data-moral={key}]")
        expect(moral).to_have_text(in_any_language(WORDS["morals"][key]), use_inner_text=True)
        return moral

    def forge_name(self) -> None:
        self.tab.get_by_test_id("lie-name").click()

    def forge_id(self) -> None:
        self.tab.get_by_test_id("lie-id").click()

    def forged_name(self) -> str:
        """The nickname that a lying client claims."""
        return LABELS["system admin"]

    # ── who holds the phone ──

    def hand_to(self, member: str) -> None:
        self.tab.click("#people summary")
        self.tab.click(f"[data-member={member}]")

    def identify_by(self, mode: str) -> None:
        """Switch the ids that Alipay gives: open_id, user_id or both."""
        self.tab.click("#people summary")
        self.tab.click(f"[data-identity={mode}]")

    # ── faults ──

    def fault_button(self, name: str) -> Locator:
        return self.tab.locator(f'[data-fault="{name}"]')

    def fault(self, name: str) -> None:
        """Choose a fault in the picker, and wait until it is in force."""
        button = self.fault_button(name)
        if not button.is_visible():
            self.tab.locator("#more > summary").click()
        with self.tab.expect_response("**/workbench/fault"):
            button.click()
        self.shows_fault(name)

    def shows_fault(self, name: str) -> None:
        """Wait until the banner names this fault."""
        expect(self.banner.locator("code")).to_have_text(name)

    def mend(self) -> None:
        """Switch off whatever is on, and wait until all works again."""
        with self.tab.expect_response("**/workbench/fault"):
            self.tab.get_by_test_id("mend").click()
        self.is_mended()

    def is_mended(self) -> None:
        expect(self.banner).to_be_hidden()

    def do_it(self) -> None:
        """Do it for me."""
        self.tab.click("#drive")

    def saw(self, name: str) -> None:
        """Wait until the banner says that what was expected of this fault has been seen."""
        expect(self.banner).to_have_class(re.compile(r"\bseen\b"))
        seen = FAULTS[name]["seen"][self.lang()]
        expect(self.banner).to_contain_text(seen, use_inner_text=True)

    def broke_with(self, code: str) -> None:
        """Wait for the panel "what broke" to show this code, and what is known of it."""
        expect(self.tab.get_by_test_id("error-code")).to_have_text(code)
        expect(self.broke).to_be_visible()
        known = [row for row in FAULTS.values() if row["expect"] == code and row.get("hint")]
        for words in [part for row in known[:1] for part in (row, row["hint"])]:
            expect(self.broke).to_contain_text(words[self.lang()], use_inner_text=True)

    def mended(self) -> None:
        """Wait until the panel says that a later try worked."""
        expect(self.broke).to_have_class(re.compile(r"\bmended\b"))

    def report(self) -> str:
        """The question for Alipay's support, by the panel's copy button."""
        self.broke.locator("button.copy").click()
        copied = re.compile("|".join(WORDS["ui"]["copied"].values()))
        expect(self.broke.locator("button.copy")).to_contain_text(copied)
        return self.clipboard()

    # ── chapters ──

    def chapter(self, number: int) -> Locator:
        return self.tab.locator(f"[data-chapter='{number}']")

    def ticked(self) -> str:
        """The numbers of the chapters that are ticked."""
        numbers: list[str] = self.tab.locator("[data-chapter].done").evaluate_all(
            "buttons => buttons.map((button) => button.dataset.chapter)"
        )
        return "".join(numbers)

    def ticks(self, number: int) -> None:
        """Wait until this chapter is ticked."""
        expect(self.chapter(number)).to_have_class(re.compile(r"\bdone\b"))

    # ── the page ──

    def clipboard(self) -> str:
        text: str = self.tab.evaluate("navigator.clipboard.readText()")
        return text

    def lang(self) -> str:
        lang: str = self.tab.evaluate("document.documentElement.lang")
        return lang

    def switch_language(self) -> None:
        self.tab.click("#language")

    def reset(self) -> None:
        with self.tab.expect_navigation():
            self.tab.click("#reset")
