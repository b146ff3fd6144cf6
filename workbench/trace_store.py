"""The steps of the workbench's trace that tell of a write of the store."""

from typing import Any

from .frames import Frame
from .trace import Step, new_step
from .watched import Write

STORE = "alipay_member/store/__init__.py · MemberStore"
# What is said of a method that has changed no member.
WITHOUT_CHANGE = {
    "sign_in": "session-opened",
    "renew": "renewed",
    "sign_out": "signed-out",
    "withdraw_consent": "consent-ended",
}
# All else is the same as before.
OUTCOMES = {"changed": "saved", "removed": "removed", "profile-withdrawn": "withdrawn"}

Difference = list[tuple[str, str, Any]]  # "+" or "-", the field, its value


def no_write_step() -> Step:
    """A request that may write called no method of the store."""
    return new_step("store", "members", "unchanged", "same", STORE)


def store_step(write: Write, frames: list[Frame]) -> Step:
    """What one method of the store did to the members: the rows that changed, field by field."""
    changed = [key for key in keys(write) if write.before.get(key) != write.after.get(key)]
    before = [write.before[key] for key in changed if key in write.before]
    after = [write.after[key] for key in changed if key in write.after]
    says = sentence(write, before, after)
    step = new_step(
        kind="store",
        title="members",
        says=says,
        outcome=OUTCOMES.get(says, "same"),
        function=f"{STORE}.{write.method}()",
    )
    step["frames"] = frames
    if changed:
        step |= {"before": before, "after": after, "diff": difference(write, changed)}
    return step


def keys(write: Write) -> list[str]:
    """The internal keys of all rows of a write, those that were there before first."""
    return list(write.before | write.after)


def sentence(write: Write, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    """The key of a write's sentence. A newer profile_at of the same profile is no change."""
    if write.error:
        return "not-written"
    if not before and not after:
        return WITHOUT_CHANGE.get(write.method, "unchanged")
    if without_moment(before) == without_moment(after):
        return "refreshed"
    if not after:
        return "removed"
    return "profile-withdrawn" if write.method == "withdraw_consent" else "changed"


def without_moment(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with only whether, not when, a profile was fetched."""
    return [row | {"profile_at": bool(row["profile_at"])} for row in rows]


def difference(write: Write, changed: list[str]) -> Difference:
    """What stands in the rows no longer, and what is new there; a missing value is no line."""
    lines: Difference = []
    for key in changed:
        old = write.before.get(key, {})
        new = write.after.get(key, {})
        for name in old | new:
            if old.get(name) != new.get(name):
                lines += [("-", name, old.get(name)), ("+", name, new.get(name))]
    return [line for line in lines if line[2] is not None]
