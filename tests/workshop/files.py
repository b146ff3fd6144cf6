"""A participant's file at any point of the workshop."""

import ast
import textwrap

from workshop.checks import STEPS
from workshop.participant import SOLUTION, STARTER, span


def written_up_to(number):
    """The starter's text with the functions of the first steps as in the solution."""
    text = STARTER.read_text("utf-8")
    solution = SOLUTION.read_text("utf-8")
    for step in STEPS[:number]:
        for name in step.functions:
            text = with_function(text, name, function_text(solution, name))
    return text


def half_written(number, body=None):
    """The first of a step's two functions is written, as in the solution or with this body."""
    first, second = STEPS[number - 1].functions
    text = with_body(written_up_to(number), second, "raise NotImplementedError")
    return with_body(text, first, body) if body else text


def function_text(text, name):
    first, end = span(text, name)
    return "\n".join(text.splitlines()[first:end])


def with_function(text, name, function):
    """A file's text with another function of this name."""
    first, end = span(text, name)
    lines = text.splitlines()
    lines[first:end] = function.splitlines()
    return "\n".join(lines) + "\n"


def with_body(text, name, body):
    """A file's text with another body of this function."""
    node = next(n for n in ast.parse(text).body if getattr(n, "name", "") == name)
    head = text.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return with_function(text, name, "\n".join([*head, lines]))


def with_change(text, name, change):
    """A file's text with a change of one function: a new body, or {old: new, …} in its text."""
    if isinstance(change, str):
        return with_body(text, name, change)
    function = function_text(text, name)
    for old, new in change.items():
        assert old in function, (name, old)
        function = function.replace(old, new)
    return with_function(text, name, function)
