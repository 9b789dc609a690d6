"""Run the service: python3 -m service."""

import os
import sys

from service.app import run


def main() -> None:
    """Serve until the process is told to stop, and leave with the exit code."""
    sys.exit(run(os.environ))


if __name__ == "__main__":
    main()
