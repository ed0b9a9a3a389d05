"""Options of `testbed explain`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import CATALOGUE, CommandWords
from testbed.cli.declarations.model import argument


@dataclass(frozen=True)
class ExplainOptions:
    """All options of `testbed explain`."""

    topics: tuple[str, ...] = argument(
        "TOPIC",
        nargs="*",
        help="a code (TB201), a symptom (replicas_diverge), a scenario (module_global.counter), or"
        " an error message in quotes; - reads the message or a log from standard input; default:"
        " all codes and symptoms",
    )


COMMAND = CommandWords(
    "explain",
    CATALOGUE,
    "a code, a symptom, a scenario or an error message",
    "Explain a code of testbed check, a symptom, a scenario or an error message: cause and cure.",
    ("explain TB201", "explain 'RuntimeError: Replica-local variables may only be assigned'"),
    ExplainOptions,
    "[TOPIC ...]",
    place=3,
)
