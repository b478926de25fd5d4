"""`ferrule`, and `python -m ferrule`: an interruption is quiet from the first moment on."""

import signal
import sys
from types import FrameType
from typing import NoReturn


def main() -> None:
    """Runs a command; exits with 130 when it is interrupted, with 143 when it is terminated."""
    try:
        signal.signal(signal.SIGTERM, _terminate)
        from ferrule import cli

        cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    """Unwinds the stack, so that temporary folders and programs that were started go."""
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
