"""The notebooks of docs show what they print."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from docs._generate.notebooks import executed, loaded, notebooks
from tests.house.sources import short


@pytest.mark.parametrize("notebook", notebooks(), ids=short)
def test_notebooks_show_what_they_print(notebook: Path) -> None:
    """Run in a new process on two logical CPUs, each cell prints the output kept below it."""
    kept, made = loaded(notebook), executed(notebook)
    assert made["cells"] == kept["cells"]
    printed = "".join(
        line for cell in made["cells"] for out in cell.get("outputs", ()) for line in out["text"]
    )
    assert "10 steps" in printed
    assert ":2: error TB101 counted_per_replica: " in printed
    assert printed.endswith("5 steps\nnothing found\n")


@pytest.mark.parametrize("notebook", notebooks(), ids=short)
def test_links_of_notebooks_hold(notebook: Path) -> None:
    """Each link of a notebook leads to a file of the project."""
    texts = [
        "".join(c["source"]) for c in loaded(notebook)["cells"] if c["cell_type"] == "markdown"
    ]
    targets = [
        str(inner.attrs["href"])
        for text in texts
        for token in MarkdownIt().parse(text)
        for inner in token.children or ()
        if inner.type == "link_open"
    ]
    assert targets
    assert [each for each in targets if not (notebook.parent / each).is_file()] == []
