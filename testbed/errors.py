"""The two ways in which a command ends early, each with a line that a user can act on."""


class UsageError(Exception):
    """The command cannot be carried out as written: what is wrong, and what is valid.

    The command line prints the message alone and exits with status 2.
    """


class LaunchError(Exception):
    """The machine did not give what a run needs: what happened, where to look, what to do."""
