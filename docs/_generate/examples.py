"""Wrong and right code for the codes of `testbed check`, from files that a test checks."""

from __future__ import annotations

import re
from pathlib import Path

from docs._generate.markdown import DOCS, ROOT, fence, link_to, section
from testbed.check.finding import Code

EXAMPLES = DOCS / "examples"
CORPUS = ROOT / "tests/check/corpus"


def example_of(code: Code) -> str:
    """Wrong and right code."""
    wrong, right = fence(code.wrong, "python"), fence(code.right, "python")
    return "\n\n".join((section("Wrong", wrong), section("Right", right)))


def corpus_of(code: str, origin: str) -> str:
    """Links to whole training programs with this mistake, and to right ones that look alike."""
    near = _near_misses()
    rows = []
    for script in sorted((CORPUS / "wrong").glob("*")):
        if code in _codes_in(script):
            others = ", ".join(_link(each, origin) for each in near[script.stem])
            beside = f"; right: {others}" if others else ""
            rows.append(f"- Wrong: {_link(script, origin)}{beside}")
    return "\n".join(rows)


def _codes_in(script: Path) -> set[str]:
    files = [script] if script.is_file() else script.rglob("*.py")
    texts = (path.read_text(encoding="utf-8") for path in files)
    found = (re.findall(r"# expect: (.+)", text) for text in texts)
    return {code for lines in found for line in lines for code in line.split(", ")}


def _near_misses() -> dict[str, list[Path]]:
    """The right programs that the corpus lists beside each wrong one."""
    rows = (CORPUS / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [row.strip("| ").split(" | ") for row in rows if row.startswith("| ")]
    right = {path.stem: path for path in (CORPUS / "right").glob("*")}
    return {
        cell[0]: [right[name] for name in re.findall(r"\w+", cell[-1]) if name in right]
        for cell in cells
    }


def _link(script: Path, origin: str) -> str:
    main = script / "main.py" if script.is_dir() else script
    return link_to(main, origin, script.stem)
