"""`ferrule`, and `python -m ferrule`: Ctrl-C is quiet from the first moment on."""

import sys


def main() -> None:
    """Runs a command; exits with 130 when it is interrupted."""
    try:
        from ferrule import cli

        cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
