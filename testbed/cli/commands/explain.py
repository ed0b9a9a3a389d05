"""`testbed explain`: explain a code of `testbed check`."""

from __future__ import annotations

from testbed.check.finding import CODES
from testbed.check.known_errors.matching import find_known_error, known_error_named
from testbed.check.text import all_codes, explain, explain_error
from testbed.cli.options.explain import ExplainOptions
from testbed.errors import OK, UsageError


def main(options: ExplainOptions) -> int:
    """Print the page of a code, a known error or a pasted message, or the list of all codes."""
    if options.code is None:
        print("\n".join(all_codes()))
        return OK
    code = options.code.upper()
    if match := known_error_named(options.code) or find_known_error(options.code):
        print("\n".join(explain_error(match)))
        return OK
    if code not in CODES:
        raise UsageError(f"unknown code '{options.code}': choose from {', '.join(CODES)}")
    print("\n".join(explain(CODES[code])))
    return OK
