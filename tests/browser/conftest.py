"""A real browser for tests; where there is none, the tests say so and are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from testbed.bench.slow.record import ProgramBenchRecord
from testbed.bench.slow.show.page import page_of_program
from testbed.report.atlas.atlas import Atlas
from testbed.report.atlas.page import page_of_atlas
from testbed.report.formats.page import page_of
from testbed.report.records.compare import RunComparison
from testbed.report.records.record import RunRecord

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# In a container there is no sandbox to be had, and no GPU; and the browser has nobody to call.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of this session."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()


@dataclass(frozen=True)
class Opened:
    """A page, and what went on while it was open."""

    page: Page
    file: Path
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shown(self) -> list[str]:
        """The cases whose cells are shown, by their ids, mode by mode."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("#matrix .cell")].flatMap((cell) =>
                cell.dataset.modes.split(", ").map((mode) =>
                  cell.dataset.case.replace(/,[a-z]+\\]@/, `,${mode}]@`)))"""
        )
        return found

    def focused(self) -> str:
        """The case whose cell has the focus, or the name of another element that has it."""
        found: str = self.page.evaluate(
            "document.activeElement.dataset.case ?? document.activeElement.tagName"
        )
        return found


Open = Callable[..., Opened]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a record from a file; no page may log an error or ask for anything."""
    opened: list[Opened] = []

    def open_text(text: str, address: str, width: int, scheme: str) -> Opened:
        file = tmp_path / f"page-{len(opened)}.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        result = Opened(context.new_page(), file)
        result.page.set_default_timeout(10_000)
        result.page.on("console", lambda message: result.troubles.append(message.text))
        result.page.on("pageerror", lambda error: result.troubles.append(str(error)))
        result.page.on("dialog", lambda dialog: result.troubles.append(dialog.message))
        result.page.on("request", lambda request: result.requests.append(request.url))
        result.page.goto(file.as_uri() + address)
        opened.append(result)
        return result

    def open_it(
        record: RunRecord | Atlas | ProgramBenchRecord | None,
        comparison: RunComparison | None = None,
        *,
        address: str = "",
        width: int = 1280,
        scheme: str = "light",
        bench: dict[str, Any] | None = None,
    ) -> Opened:
        if isinstance(record, Atlas):
            return open_text(page_of_atlas(record), address, width, scheme)
        if isinstance(record, ProgramBenchRecord):
            return open_text(page_of_program(record), address, width, scheme)
        return open_text(page_of(record, comparison, bench), address, width, scheme)

    yield open_it
    for each in opened:
        asked = {url.partition("#")[0] for url in each.requests}
        each.page.context.close()
        assert each.troubles == []
        # A plot stands in the page itself; a browser calls even that a request.
        assert {url for url in asked if not url.startswith("data:")} == {each.file.as_uri()}
