"""A participant's file at any point of the workshop."""

import ast

from workshop.participant import SOLUTION, STARTER, span
from workshop.steps import STEPS

IMPORTS = "import os\nimport sys\n"


def written_up_to(number):
    """The starter's text with the functions of the first steps as in the solution."""
    text = STARTER.read_text("utf-8")
    for step in STEPS[:number]:
        for name in step.functions:
            text = with_function(text, name, function_of(SOLUTION.read_text("utf-8"), name))
    return text


def function_of(text, name):
    """The text of a function."""
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
    lines = text.splitlines()
    head = lines[node.lineno - 1 : node.body[0].lineno - 1]
    return with_function(text, name, "\n".join([*head, *(f"    {line}" for line in body)]))
