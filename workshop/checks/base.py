"""What the ten checks share: a Step and its sentences, CheckError, and how results are compared.

A check calls the participant's functions against the testbed. It first expects the right result,
then attacks. It raises CheckError with the key of a sentence: of the step's own `errors`, or of
COMMON_ERRORS below. A key names a particular error only if the result is exactly what that error
gives; otherwise "expected" and "actual" speak for themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..participant import Functions
from ..testbed import Testbed

Text = Mapping[str, str]  # by language: zh, en


class CheckError(Exception):
    """An error in the participant's code. `values` fill in the sentence of its `key`.

    `expected` and `actual` are shown unless they are None.
    """

    def __init__(
        self, key: str, expected: object = None, actual: object = None, **values: object
    ) -> None:
        super().__init__(key)
        self.key = key
        self.expected = expected
        self.actual = actual
        self.values = values


@dataclass(frozen=True)
class Step:
    """One step: the functions to write, the check of them, and everything the terminal says.

    `compare` is the same thing in the library: "file · function". `errors` has a sentence for each
    key that the check raises, unless COMMON_ERRORS has it.
    """

    number: int
    name: str
    functions: tuple[str, ...]
    check: Callable[[Functions, Testbed], None]
    title: Text
    task: Text
    why: Text
    look: Text
    hints: tuple[Text, ...]
    compare: str
    errors: Mapping[str, Text]

    def error_text(self, key: str, lang: str, values: Mapping[str, str]) -> str:
        """The sentence of an error, filled in."""
        text = (self.errors.get(key) or COMMON_ERRORS[key])[lang]
        for name, value in values.items():  # not str.format: a sentence may contain braces
            text = text.replace(f"{{{name}}}", value)
        return text


class Attempt:
    """A call of a participant's function: what it returned, or what it raised."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._value: Any = None
        self.error: Exception | None = None
        try:
            self._value = function(*arguments)
        except Exception as error:
            self.error = error

    def value(self) -> Any:
        """What the function returned; raises again what it raised."""
        if self.error is not None:
            raise self.error
        return self._value


def is_text_for_bytes(error: Exception | None) -> bool:
    """Whether cryptography got text instead of bytes; its message differs by version."""
    message = str(error)
    return isinstance(error, TypeError) and (
        "instance to a buffer" in message or "'PyBytes'" in message
    )


def expect(
    actual: object, expected: object, known: Iterable[tuple[str, object]] = (), *, function: str
) -> None:
    """Raise CheckError unless `actual` equals `expected`, type included.

    `known` pairs the keys of known errors with the results that they give.
    """
    if actual == expected and type(actual) is type(expected):
        return
    for key, result in known:
        if actual == result and type(actual) is type(result):
            raise CheckError(key, expected, actual)
    check_type(actual, expected, function)
    raise CheckError("other", expected, actual, function=function)


def check_type(actual: object, example: object, function: str) -> None:
    """Raise CheckError unless `actual` has the type of `example`."""
    if actual is None and example is not None:
        raise CheckError("nothing-returned", function=function)
    if not isinstance(actual, type(example)):
        wanted, got = type(example).__name__, type(actual).__name__
        raise CheckError("other-type", example, actual, function=function, wanted=wanted, got=got)


COMMON_ERRORS: Mapping[str, Text] = {
    "todo": {"zh": "{function} 还没有写。", "en": "{function} is not written yet."},
    "todo-next": {
        "zh": "{first} 单独检查没有问题。接着写 {function}。",
        "en": "{first} is right as far as the check can see. Now write {function}.",
    },
    "function-missing": {
        "zh": "文件里没有函数 {function}：改名或删掉了？用 reset 可以放回来。",
        "en": "Your file has no function {function}: was it renamed or deleted? `reset` puts it "
        "back.",
    },
    "no-file": {
        "zh": "找不到 {file}：用 reset all 重新生成。",
        "en": "{file} does not exist: `reset all` creates it again.",
    },
    "syntax": {
        "zh": "Python 读不懂第 {line} 行：{what}",
        "en": "Python can't parse line {line}: {what}",
    },
    "not-utf-8": {
        "zh": "文件不是 UTF-8：请在编辑器里以 UTF-8 保存。",
        "en": "The file is not UTF-8: save it as UTF-8 in your editor.",
    },
    "raised": {"zh": "你的代码抛出了异常：{error}", "en": "Your code raised an exception: {error}"},
    "check-failed": {
        "zh": "检查程序自己出错了，不是你的问题：{error}\n{trace}",
        "en": "The check itself failed. This is not your fault: {error}\n{trace}",
    },
    "process-ended": {
        "zh": "检查还没做完，进程就退出了。\n{trace}",
        "en": "The process ended before the check was done.\n{trace}",
    },
    "hangs": {
        "zh": "超过时限还没有返回：是死循环，还是在等什么？",
        "en": "It did not return in time: an endless loop, or is it waiting for something?",
    },
    "nothing-returned": {
        "zh": "{function} 什么都没有返回（None）：是不是漏了 return？",
        "en": "{function} returned None: is a `return` missing?",
    },
    "other-type": {
        "zh": "{function} 返回的是 {got}，应该是 {wanted}。",
        "en": "{function} returned {got}; expected {wanted}.",
    },
    "other": {
        "zh": "{function} 的结果与预期不同。",
        "en": "{function} did not return the expected result.",
    },
    "nothing-sent": {"zh": "没有任何请求到达网关。", "en": "No request reached the gateway."},
    "missing-parameter": {"zh": "缺少参数 {name}。", "en": "The parameter {name} is missing."},
    "other-value": {
        "zh": "参数 {name} 的值不对。",
        "en": "The parameter {name} has the wrong value.",
    },
    "grant-type": {"zh": "grant_type 的值不对。", "en": "grant_type has the wrong value."},
    "error-swallowed": {
        "zh": "支付宝拒绝了这次调用，你的函数却若无其事地返回了：错误应以 GatewayError 抛出。",
        "en": "Alipay refused the call, but your function returned as if nothing had happened: "
        "raise the error as GatewayError.",
    },
}
