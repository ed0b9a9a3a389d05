"""One page for each known error: its signs, its cause, its cure, wrong and right code."""

from __future__ import annotations

import re

from docs._generate.catalogue import scenario_link
from docs._generate.markdown import (
    DOCS,
    Page,
    code,
    fence,
    link_to,
    page,
    section,
    sentence,
    table,
)
from testbed.check.known_errors.entry import EMPTY, MIRRORED, KnownError, Sign
from testbed.check.known_errors.matching import all_known_errors, in_general

SOURCE = "testbed/check/known_errors"
INDEX = "errors/README.md"

_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?:[^()]|\\[()])*\)")
_VARIES = re.compile(r" ?(?:\[\\s\\S\]|\.)[*+]\?? ?")

_STRATEGIES = {MIRRORED: "MirroredStrategy"}


def pages() -> list[Page]:
    """The pages of all known errors, and their list."""
    return [_index(), *map(_page, all_known_errors())]


def error_path(entry: KnownError) -> str:
    """The page of a known error."""
    return f"errors/{entry.slug}.md"


def _index() -> Page:
    entries = all_known_errors()
    rows = [
        (
            link_to(DOCS / error_path(entry), INDEX, sentence(entry.title)),
            ", ".join(f"`{name}`" for name in _types(entry)),
            _message(entry.signs[0]),
        )
        for entry in entries
    ]
    return page(
        INDEX,
        SOURCE,
        "# Known errors",
        f"{len(entries)} errors of TensorFlow and Keras under `tf.distribute`, each raised for real"
        " by a program of the tests. To find yours, paste the message or the whole traceback:",
        fence(
            'testbed explain "RuntimeError: `merge_call` called while defining a new graph"\n'
            "python train.py 2>&1 | testbed explain -",
            "sh",
        ),
        "`testbed check` and `testbed launch` name a known error by themselves. The last column has"
        " a part of the message, as a simplified regular expression.",
        table(("error", "class", "message"), rows),
    )


def _page(entry: KnownError) -> Page:
    path, general = error_path(entry), in_general(entry)
    signs = dict.fromkeys(map(_sign, entry.signs))
    strategy = _STRATEGIES.get(entry.strategy, "MultiWorkerMirroredStrategy")
    return page(
        path,
        SOURCE,
        f"# {sentence(entry.title).rstrip('.')}",
        table(("class", "message"), signs),
        f"**Cause:** {sentence(general.cause)}",
        f"**Cure:** {sentence(general.cure)}",
        section("Wrong", f"Under `{strategy}`:", fence(entry.wrong, "python")),
        section("Right", fence(entry.right, "python")),
        section("Run the mistake", _scenario(entry, path)),
        section(
            "Where it was seen",
            "\n".join(f"- {each}" for each in (*entry.seen_on, *entry.threads)),
        ),
        f"In the terminal: `testbed explain {entry.slug}`. A finding of `testbed check` with this"
        f" error has the code {link_to(DOCS / f'codes/{entry.code}.md', path, f'`{entry.code}`')}.",
    )


def _types(entry: KnownError) -> list[str]:
    return list(dict.fromkeys(name for sign in entry.signs for name in sign.types))


def _sign(sign: Sign) -> tuple[str, str]:
    return " or ".join(f"`{name}`" for name in sign.types), _message(sign)


def _message(sign: Sign) -> str:
    if sign.message == EMPTY:
        return "(empty)"
    return code(_readable(sign.message)) if sign.message else "(any)"


def _readable(pattern: str) -> str:
    """A pattern as text: its groups by their names, and dots for what varies."""
    text = _GROUP.sub(lambda group: f"<{group['name']}>", pattern)
    text = _VARIES.sub(" ... ", text)
    return re.sub(r"\\([^\w\s])", r"\1", text)


def _scenario(entry: KnownError, origin: str) -> str:
    if not entry.scenario:
        return ""
    link = scenario_link(entry.scenario, origin)
    return f"The scenario {link} shows it:\n\n{fence(f'testbed run {entry.scenario}', 'sh')}"
