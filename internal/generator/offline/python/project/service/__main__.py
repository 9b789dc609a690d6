"""Run the service: python3 -m service."""

import os
import signal
import sys

from service.app import STOP_SIGNALS, run


def main() -> None:
    """Serve until the process is told to stop, and leave with the exit code."""
    sys.setswitchinterval(0.02)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # from here on they wait to be asked for
    sys.exit(run(os.environ))


if __name__ == "__main__":
    main()
