"""Runs the notebooks of docs without Jupyter, and writes their output into them.

`make notebooks` writes them all. Only what a cell prints to standard output is kept.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import subprocess
import sys
from pathlib import Path
from typing import Any

from docs._generate.markdown import DOCS

NOTEBOOKS = DOCS / "notebooks"


def notebooks() -> list[Path]:
    """The notebooks of docs."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def loaded(notebook: Path) -> dict[str, Any]:
    """The content of a notebook."""
    content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    return content


def executed(notebook: Path) -> dict[str, Any]:
    """The content of a notebook, with the output of a run in a new process.

    Raises:
        CalledProcessError: a cell failed; its traceback is on standard error.
    """
    command = [sys.executable, "-m", "docs._generate.notebooks", str(notebook)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    content = loaded(notebook)
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    texts = json.loads(done.stdout)
    for number, (cell, text) in enumerate(zip(cells, texts, strict=True), 1):
        shown = {"name": "stdout", "output_type": "stream", "text": text.splitlines(True)}
        cell["execution_count"] = number
        cell["outputs"] = [shown] if text else []
    return content


def run_cells(notebook: Path) -> list[str]:
    """Run the cells of a notebook in this process, and return what each printed."""
    cells = [cell["source"] for cell in loaded(notebook)["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {"__name__": "__main__"}
    return [_printed(lines, f"Cell In[{number}]", names) for number, lines in enumerate(cells, 1)]


def _printed(lines: list[str], name: str, names: dict[str, Any]) -> str:
    source = "".join(lines)
    # TensorFlow reads the source of functions from there, as in Jupyter.
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(source, name, "exec"), names)
    return output.getvalue()


def main(arguments: list[str]) -> None:
    """Print the output of the cells of one notebook as JSON, or write all notebooks anew."""
    if arguments:
        print(json.dumps(run_cells(Path(arguments[0]))))
        return
    for notebook in notebooks():
        text = json.dumps(executed(notebook), indent=1, ensure_ascii=False)
        notebook.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
