"""Takes the README's pictures: python -m tests.browser.pictures PAGE FOLDER."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, BROWSERS

BROKEN = "module_global.counter[outside_scope,function]@multi_worker_mirrored-2x2"
CURED = "module_global.counter[in_scope,function]@mirrored-2"

# Name, where on the page, width and height, light or dark.
PICTURES = (
    ("report", "#", 1240, 1060, "light"),
    ("report-case", f"#case={quote(BROKEN)}", 1240, 860, "light"),
    ("report-phone", f"#case={quote(CURED)}", 390, 860, "dark"),
)


def main(page_file: str, folder: str) -> None:
    """Take every picture of a page that `testbed run --html` wrote."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for name, address, width, height, scheme in PICTURES:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page.goto(Path(page_file).resolve().as_uri() + address)
            page.screenshot(path=Path(folder) / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
