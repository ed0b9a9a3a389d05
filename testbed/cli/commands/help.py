"""`testbed help`: the help of a command, of all engines, or the first page."""

from __future__ import annotations

from testbed.cli.declarations.command_words import commands
from testbed.cli.options.help import HelpOptions
from testbed.cli.parser import engine_help, first_page, help_of
from testbed.errors import OK, UsageError, unknown_name

ENGINES = "engines"


def main(options: HelpOptions) -> int:
    """Print the help of the topic."""
    topic = options.topic
    if topic is None:
        print(first_page())
    elif topic == ENGINES:
        print(engine_help(), end="")
    elif topic in commands():
        print(help_of(topic), end="")
    else:
        raise UsageError(unknown_name("topic", topic, [*commands(), ENGINES]))
    return OK
