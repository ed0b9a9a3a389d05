"""The generator of pages: Markdown, docstrings and schemas."""

from __future__ import annotations

import ast

import pytest

from docs._generate.commands import option_name
from docs._generate.markdown import code, link_to, page, prose, section, sentence, table
from docs._generate.python_api import docstring_as_markdown, signature_of
from docs._generate.records import fields_of
from testbed.cli.declarations.model import Typed
from tests.house.sources import ROOT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("create it inside strategy.scope()", "create it inside `strategy.scope()`"),
        ("call v.assign_add(1) there", "call `v.assign_add(1)` there"),
        ("float(strategy.reduce('mean', loss))", "`float(strategy.reduce('mean', loss))`"),
        ("see `tf.where` and tf_module", "see `tf.where` and `tf_module`"),
        ("on TensorFlow 2.21, e.g. there", "on TensorFlow 2.21, e.g. there"),
    ],
)
def test_names_of_code_are_marked(text: str, shown: str) -> None:
    """Dotted names, calls and names with underscores become code, other words do not."""
    assert prose(text).replace("`e.g`.", "e.g.") == shown


def test_a_sentence_keeps_a_name_at_its_start() -> None:
    """A sentence gets a capital letter, but not in a name of code."""
    assert sentence("reduce it") == "Reduce it."
    assert sentence("tf.where chooses.") == "`tf.where` chooses."


def test_code_may_contain_backticks() -> None:
    """A message with backticks is quoted by two of them."""
    assert code("`merge_call` called") == "`` `merge_call` called ``"


def test_cells_may_contain_bars() -> None:
    """A bar in a cell does not end it, and a table without rows is empty."""
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n|---|---|\n| x\\|y | z |"
    assert table(("a",), []) == ""


def test_a_section_without_content_is_left_out() -> None:
    """A section of empty blocks has no heading."""
    assert section("Title", "", "") == ""
    assert section("Title", "text", level=3) == "### Title\n\ntext"


def test_a_page_names_its_source() -> None:
    """A generated page says which file to change instead."""
    assert page("a.md", "b.py", "# A", "").text == (
        "<!-- `make docs-pages` writes this page from b.py. -->\n\n# A\n"
    )


def test_links_are_relative() -> None:
    """A link from a page to a file of the project leads out of the folder of the page."""
    assert link_to(ROOT / "scenarios/a.py", "codes/b.md", "a") == "[a](../../scenarios/a.py)"


def test_sections_of_a_docstring_become_lists() -> None:
    """Arguments are entries of a list, and their further lines belong to them."""
    docstring = "Do it.\n\nArgs:\n    a, b: numbers,\n        not texts.\n\nReturns:\n    The sum."
    assert docstring_as_markdown(docstring) == (
        "Do it.\n\nArgs:\n\n- `a`, `b`: numbers,\n  not texts.\n\nReturns:\n\n  The sum."
    )


def test_a_signature_shows_names_kinds_and_defaults() -> None:
    """A signature leaves out self, and marks arguments that are given by name only."""
    (node,) = ast.parse("def f(self, a: int, *, b: str = 'x') -> None: ...").body
    assert isinstance(node, ast.FunctionDef)
    assert signature_of(node, "f") == "f(a: int, *, b: str = 'x') -> None"


def test_fields_of_a_schema_have_paths() -> None:
    """Fields of entries and of values are listed below those that hold them."""
    entry = {"type": "object", "properties": {"id": {"type": "string", "description": "Its id."}}}
    schema = {
        "properties": {
            "cases": {"type": "array", "items": entry},
            "times": {"type": "object", "additionalProperties": entry},
        }
    }
    assert list(fields_of(schema)) == [
        ("`cases`", "array of object", ""),
        ("`cases[].id`", "string", "Its id."),
        ("`times`", "object", ""),
        ("`times{}.id`", "string", "Its id."),
    ]


def test_an_option_shows_its_value() -> None:
    """An option with a value names it, one without does not, and an argument has its name only."""
    assert option_name("jobs", Typed(("-j", "--jobs"), {"metavar": "N"})) == "`-j`, `--jobs N`"
    assert option_name("fresh", Typed(("--fresh",), {"action": "store_true"})) == "`--fresh`"
    assert option_name("names", Typed((), {"metavar": "NAME"})) == "`NAME`"
