"""Runs the `testbed` command as `python -m testbed`."""

import sys

from testbed.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
