"""`testbed completion`: the script that completes words in bash or zsh."""

from __future__ import annotations

from testbed.catalogue.discovery import find_scripts, scenario_folder
from testbed.cli.declarations.model import COMPLETE_NAMES
from testbed.cli.options.completion import SHELLS, CompletionOptions
from testbed.cli.parser import parser
from testbed.errors import OK, UsageError, unknown_name


def main(options: CompletionOptions) -> int:
    """Print the script for a shell.

    Raises:
        UsageError: the shell is unknown, or shtab is not installed.
    """
    shell = options.shell or SHELLS[0]
    if shell not in SHELLS:
        raise UsageError(unknown_name("shell", shell, SHELLS))
    try:
        import shtab
    except ImportError as problem:
        raise UsageError("completion needs shtab: python -m pip install shtab") from problem
    names = " ".join(path.stem for path in find_scripts(scenario_folder()))
    functions = {
        "bash": f"{COMPLETE_NAMES}() {{ compgen -W '{names}' -- $1; compgen -fX '!*.py' -- $1; }}",
        "zsh": f"{COMPLETE_NAMES}() {{ compadd {names}; _files -g '*.py' }}",
    }
    print(shtab.complete(parser(), shell=shell, preamble=functions))
    return OK
