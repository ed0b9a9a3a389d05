"""`testbed explain`: explain a code of `testbed check`."""

from __future__ import annotations

from testbed.check.finding import CODES
from testbed.check.text import all_codes, explain
from testbed.cli.options.explain import ExplainOptions
from testbed.errors import OK, UsageError


def main(options: ExplainOptions) -> int:
    """Print the page of one code, or the list of all codes."""
    if options.code is None:
        print("\n".join(all_codes()))
        return OK
    code = options.code.upper()
    if code not in CODES:
        raise UsageError(f"unknown code '{options.code}': choose from {', '.join(CODES)}")
    print("\n".join(explain(CODES[code])))
    return OK
