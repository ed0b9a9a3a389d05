"""Builds the pages of the project into a site: `make docs`.

The source folder is the project's root, so a link means the same on the site and in the repository.
The navigation is made from the lists of links on the pages, which stay plain Markdown.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from testbed import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "scope testbed"
release = __version__
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "scenarios/*.md", "testbed/*.md", "tests/**.md"]
nitpicky = True
highlight_language = "text"
myst_heading_anchors = 4

# Files of the folder `site` lie at the root of the built site.
myst_url_schemes = {
    "http": None,
    "https": None,
    "mailto": None,
    "site": {"url": "{{path}}#{{fragment}}"},
}

html_theme = "furo"
html_title = f"scope testbed {release}"
html_extra_path = ["site"]
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_copyright = False

CONTENTS = "docs/README"
"""The page that lists all pages, by captions."""

_TO_SITE = re.compile(r"\]\((?:\.\./)*(?:docs/)?site/")
_LINK = re.compile(r"\]\(([\w./-]+)\.md\)")


def _captions() -> dict[str, list[str]]:
    """The pages that the contents page lists below each of its headings."""
    text = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for part in text.split("\n## ")[1:]:
        caption, _, rest = part.partition("\n")
        found[caption] = [posixpath.normpath(f"docs/{name}") for name in _LINK.findall(rest)]
    return found


def _toctree(pages: list[str], caption: str = "") -> str:
    lines = ["```{toctree}", ":hidden:", f":caption: {caption}" if caption else "", ""]
    return "\n".join([*lines, *(f"/{page}" for page in dict.fromkeys(pages)), "```"])


def _add_navigation(app: Sphinx, name: str, source: list[str]) -> None:
    """Add hidden tables of contents to the first page, and to each page that lists its folder."""
    if name == root_doc:
        app.env.note_dependency(f"{CONTENTS}.md")
        trees = [_toctree([CONTENTS]), *(_toctree(v, k) for k, v in _captions().items())]
    elif name.startswith("docs/") and name.endswith("/README") and name != CONTENTS:
        folder = posixpath.dirname(name)
        trees = [
            _toctree([f"{folder}/{each}" for each in _LINK.findall(source[0]) if "/" not in each])
        ]
    else:
        return
    source[0] = "\n\n".join([source[0], *trees])


def _link_to_site(_: Sphinx, name: str, source: list[str]) -> None:
    """Lead links to files of the folder `site` to the places that they have in the built site."""
    root = "../" * name.count("/")
    source[0] = _TO_SITE.sub(f"](site:{root}", source[0])


def setup(app: Sphinx) -> None:
    """Connect to Sphinx's events."""
    app.connect("source-read", _add_navigation)
    app.connect("source-read", _link_to_site)
