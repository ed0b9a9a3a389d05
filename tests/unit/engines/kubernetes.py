"""Options, and words of commands, for the tests of Kubernetes."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.cli.declarations.engine import EngineOptions, KubernetesOptions
from testbed.engines import InnerCommand

INNER = InnerCommand(("run", "--folder", "/shared/night", "returned"), "/shared/night", 4)


def options(
    export: str = "job.yaml",
    time: Any = None,
    cpus_per_worker: int | None = None,
    **of_kubernetes: Any,
) -> EngineOptions:
    own = {"container": "registry/image:1", "claim": "results", **of_kubernetes}
    return EngineOptions(
        export=export,
        time=time,
        cpus_per_worker=cpus_per_worker,
        kubernetes=KubernetesOptions(**own),
    )


def expanded(word: str) -> str:
    """What Kubernetes makes of a word of a command where no variable is known."""
    result, rest = "", word
    while "$" in rest:
        before, _, rest = rest.partition("$")
        result += before
        if rest.startswith("$"):
            result, rest = result + "$", rest[1:]
        elif rest.startswith("(") and ")" in rest:
            pytest.fail(f"{word}: Kubernetes would look up a variable")
        else:
            result += "$"
    return result + rest


WORDS = [
    "plain",
    "two words",
    'a "quoted" one',
    "it's",
    "back\\slash \\n",
    "$(HOME)",
    "$$(HOME)",
    "$",
    "a$",
    "$$$",
    "$((x))",
    "tab\tand\nline",
    "null",
    "012",
    "- # :",
    "größer 日本",
    "",
]
