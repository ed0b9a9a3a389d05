"""A text from elsewhere, between markup of ours, is shown as it is."""

from __future__ import annotations

import random

import pytest

from testbed.report.formats.text import console, literal

LETTERS = ["\\", "[", "]", "[/]", "[bold]", "[/bold]", ":x:", ":100:", "a", " ", "\n", "é"]


@pytest.mark.parametrize(
    "around", ["{}", "[dim]{}[/dim]", "a {} b", "[bold]a[/bold]{}[dim]b[/dim]"]
)
def test_any_text_is_shown_as_it_is(around: str) -> None:
    """Backslashes, brackets, tags and emoji codes do nothing, wherever the text stands."""
    draw, shown = random.Random(16), console()
    bare = around
    for tag in ("[dim]", "[/dim]", "[bold]", "[/bold]"):
        bare = bare.replace(tag, "")
    for _ in range(2000):
        text = "".join(draw.choices(LETTERS, k=draw.randrange(8)))
        assert shown.render_str(around.format(literal(text))).plain == bare.format(text)
