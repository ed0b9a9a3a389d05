"""All generated pages. A new table of the code gets its pages by one more entry in `GENERATORS`."""

from __future__ import annotations

from pathlib import Path

from docs._generate import codes, commands, known_errors, python_api, records, symptoms
from docs._generate.markdown import DOCS, Page

GENERATORS = (
    symptoms.pages,
    codes.pages,
    known_errors.pages,
    commands.pages,
    python_api.pages,
    records.pages,
)

MARK = "<!-- `make docs-pages` writes this page"


def all_pages() -> list[Page]:
    """Every page, as the code describes it now."""
    return [page for pages in GENERATORS for page in pages()]


def outdated_files() -> list[Path]:
    """Files that were generated, and that no generator writes any more."""
    current = {page.file for page in all_pages()}
    return [path for path in sorted(DOCS.rglob("*.md")) if path not in current and _is_ours(path)]


def _is_ours(path: Path) -> bool:
    return path.read_text(encoding="utf-8").startswith(MARK)
