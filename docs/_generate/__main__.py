"""Writes the generated pages, and removes those that nothing generates any more."""

from __future__ import annotations

from docs._generate.pages import all_pages, outdated_files


def main() -> None:
    """Write every page."""
    for path in outdated_files():
        path.unlink()
    for page in all_pages():
        page.file.parent.mkdir(parents=True, exist_ok=True)
        page.file.write_text(page.text, encoding="utf-8")


if __name__ == "__main__":
    main()
