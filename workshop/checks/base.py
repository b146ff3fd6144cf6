"""How a check says what is wrong: Wrong, with the name of the mistake in words/."""

from collections.abc import Callable, Iterable
from typing import Any


class Wrong(Exception):
    """A mistake, by its name in words/; `values` fill its sentence in.

    `expected` and `came` are shown if they are given.
    """

    def __init__(
        self, mistake: str, expected: object = None, came: object = None, **values: object
    ) -> None:
        super().__init__(mistake)
        self.mistake = mistake
        self.expected = expected
        self.came = came
        self.values = values


class Attempt:
    """What a function gave, or the exception that it raised."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._value: Any = None
        self.error: Exception | None = None
        try:
            self._value = function(*arguments)
        except Exception as error:
            self.error = error

    def value(self) -> Any:
        """What the function gave; an exception that nobody has named is raised again."""
        if self.error is not None:
            raise self.error
        return self._value


def is_text_for_bytes(error: Exception | None) -> bool:
    """Whether cryptography was handed text where it takes bytes; its words differ by version."""
    said = str(error)
    return isinstance(error, TypeError) and ("instance to a buffer" in said or "'PyBytes'" in said)


def expect(
    came: object, expected: object, named: Iterable[tuple[str, object]] = (), *, function: str
) -> None:
    """Wrong unless `came` is `expected`.

    `named` has known mistakes and what they give: the first that gives what came is told.
    """
    if came == expected and type(came) is type(expected):
        return
    for mistake, gives in named:
        if came == gives and type(came) is type(gives):
            raise Wrong(mistake, expected, came)
    check_type(came, expected, function)
    raise Wrong("other", expected, came, function=function)


def check_type(came: object, example: object, function: str) -> None:
    """Wrong unless `came` is of the type that `example` has; None gets a sentence of its own."""
    if came is None and example is not None:
        raise Wrong("nothing-returned", function=function)
    if not isinstance(came, type(example)):
        wanted, got = type(example).__name__, type(came).__name__
        raise Wrong("other-type", example, came, function=function, wanted=wanted, got=got)
