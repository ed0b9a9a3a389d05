"""Options of `testbed completion`."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.cli.declarations.command_words import MACHINE, CommandWords
from testbed.cli.declarations.model import argument

SHELLS = ("bash", "zsh")

INSTALL = """to use it in every new shell:
  testbed completion bash > ~/.local/share/bash-completion/completions/testbed
  testbed completion zsh > ~/.zsh/completions/_testbed    (a folder of your fpath)
"""


@dataclass(frozen=True)
class CompletionOptions:
    """All options of `testbed completion`."""

    shell: str | None = argument("SHELL", nargs="?", help=f"{' or '.join(SHELLS)}; default: bash")


COMMAND = CommandWords(
    "completion",
    MACHINE,
    "complete commands, options and names with the Tab key",
    "Print the script that completes commands, options and names in bash or zsh.",
    ("completion bash", "completion zsh"),
    CompletionOptions,
    "[SHELL]",
    INSTALL,
    place=3,
)
