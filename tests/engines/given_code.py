"""`python -m tests.engines.given_code CODE [ARGUMENT ...]`: a stand-in for the testbed in a job."""

import sys

if __name__ == "__main__":
    exec(sys.argv.pop(1))
