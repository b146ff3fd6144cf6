"""What a person does at the workbench and sees there, for the tests in a browser."""

import re

from playwright.sync_api import FrameLocator, Locator, Page, expect

# Where the phone is sticky, Chromium can't be asked to scroll something inside it into view:
# scroll as a person would.
TO_STICKY_PHONE = """() => {
  const column = document.querySelector(".stage > :first-child");
  if (getComputedStyle(column).position === "sticky") {
    document.querySelector("[data-testid=trace]").scrollIntoView();
  }
}"""


# The phone's frame speaks the page's language; the mini-program's buttons get an English gloss.
FRAME = {"同意": "Agree", "拒绝": "Refuse", "返回键": "Back key"}


class Phone:
    """The phone on the workbench, in whose frame the mini-program runs."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame: FrameLocator = page.frame_locator("[data-testid=phone]")

    def tap(self, text: str) -> None:
        """Tap the button that says exactly this."""
        self.page.evaluate(TO_STICKY_PHONE)
        name = re.compile(rf"^({FRAME.get(text, text)}|{text})( [a-z ]+)?$")
        self.frame.get_by_role("button", name=name).click()

    def see(self, text: str) -> None:
        """Wait until the screen says this."""
        expect(self.frame.locator("body")).to_contain_text(text)

    def member_centre(self) -> None:
        """Go to the member centre, once the silent login is over."""
        self.see("除了这个标识")
        self.frame.locator(".value").wait_for()
        self.tap("会员中心")
        self.see("获取会员信息，用来在这里")

    def authorise(self, answer: str = "同意") -> None:
        """Tap the member centre's button, and answer the consent sheet."""
        self.tap("授权并获取会员信息")
        self.tap(answer)

    def saved(self, text: str = "") -> None:
        """Wait until the member centre shows this among what the server saved.

        Anywhere on the screen would not do: the consent sheet has a nickname, too.
        """
        expect(self.frame.get_by_role("button", name="更新会员信息")).to_be_enabled()
        expect(self.frame.locator(".saved", has_text=text).last).to_be_visible()


class Desk:
    """The workbench around the phone: the trace, the contrast, the switches, the failure panel."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: Locator = page.get_by_test_id("trace-step")
        self.error: Locator = page.locator("#error")
        self.client: Locator = page.get_by_test_id("client-profile")
        self.server: Locator = page.get_by_test_id("server-profile")

    def of_kind(self, kind: str) -> Locator:
        """The steps of a kind: call, request, exchange, store, act, taps or refused."""
        return self.page.locator(f"[data-testid=trace-step][data-kind={kind}]")

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

    def hand(self, choice: str) -> None:
        """Open the line that says who holds the phone, and choose there, by a selector."""
        self.page.click("#people summary")
        self.page.click(choice)

    def choose(self, fault: str) -> None:
        """Choose a way of failing in the picker, and wait until it is in force."""
        button = self.page.locator(f'[data-fault="{fault}"]')
        if not button.is_visible():
            self.page.locator("#more > summary").click()
        with self.page.expect_response("**/workbench/fault"):
            button.click()
        expect(self.page.locator("#active code")).to_have_text(fault)

    def mend(self) -> None:
        """Switch off whatever is broken, and wait until all works again."""
        with self.page.expect_response("**/workbench/fault"):
            self.page.locator("#mend").click()
        expect(self.page.locator("#active")).to_be_empty()

    def saw(self, words: str) -> None:
        """Wait until the banner says that what was expected has been seen."""
        expect(self.page.locator("#armed")).to_have_class(re.compile(r"\bseen\b"))
        expect(self.page.locator("#active")).to_contain_text(words, use_inner_text=True)

    def failed_with(self, code: str) -> str:
        """Wait for the failure panel to show this code; what the panel says."""
        expect(self.page.locator("#error-code")).to_have_text(code)
        return self.error.inner_text()
