"""The HTML page: one file that contains all it shows and loads nothing.

The parts of the page are the files in the folder `page` beside this module. Data from a record
stands in a script element that no browser runs. The page's code inserts it as text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.report.formats.page_data import run_data
from testbed.report.records.compare import RunComparison
from testbed.report.records.record import RunRecord

PARTS = Path(__file__).with_suffix("")
"""The folder of the page's parts. Those of other pages may use `base.css` and `dom.js`."""

STYLES = ("base.css", "page.css", "opening.css", "bench.css")

# In the order of concatenation: each script may use those before it.
SCRIPTS = (
    "dom.js",
    "data.js",
    "state.js",
    "code.js",
    "layout.js",
    "picture.js",
    "detail.js",
    "opening.js",
    "head.js",
    "filters.js",
    "matrix.js",
    "keys.js",
    "bench.js",
    "main.js",
)


@dataclass(frozen=True)
class PageParts:
    """The files that make up a page."""

    template: Path
    """The HTML, with a mark for each of the following."""
    styles: Sequence[Path]
    scripts: Sequence[Path]
    """In the order of concatenation: each script may use those before it."""


PAGE = PageParts(
    PARTS / "page.html", [PARTS / name for name in STYLES], [PARTS / name for name in SCRIPTS]
)

# Characters to escape in JSON within HTML: those that could end the script element, and the two
# that JavaScript before ES2019 treats as line ends.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def page_of(
    record: RunRecord | None,
    comparison: RunComparison | None = None,
    bench: dict[str, Any] | None = None,
) -> str:
    """The page of a run, of a comparison of two runs, or of a benchmark.

    With a comparison, `record` is the later run. `bench` is the result of
    `testbed.bench.show.page.bench_data`; it may be given alone.
    """
    return assemble({"run": run_data(record, comparison) if record else None, "bench": bench})


def page_of_comparison(comparison: RunComparison) -> str:
    """The page of the later run, with its differences from the earlier one."""
    return page_of(comparison.after, comparison)


def assemble(data: dict[str, Any], page: PageParts = PAGE) -> str:
    """A page with its data; an entry that is None gets no section."""
    style = "".join(map(_text, page.styles))
    script = "".join(["'use strict';\n(() => {\n", *map(_text, page.scripts), "})();\n"])
    parts = {
        "@POLICY@": _policy(style, script),
        "@STYLE@": style,
        "@DATA@": as_script_data(data),
        "@SCRIPT@": script,
    }
    done, left = "", _text(page.template)
    for mark, part in parts.items():
        # Inserted text is not searched again, because a record may contain the next mark.
        before, _, left = left.partition(mark)
        done += before + part
    return done + left


def as_script_data(data: Any) -> str:
    """JSON that is safe inside a script element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def _policy(style: str, script: str) -> str:
    """Content security policy: the page loads nothing, and runs only its own code."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _text(part: Path) -> str:
    return part.read_text(encoding="utf-8")
