"""`python -m pocchaos.toxiproxy`: find toxiproxy-server, building it where there is none, and print its path."""

import sys

from pocchaos.model.errors import PocchaosError
from pocchaos.toxiproxy.binary import find_server


def main() -> int:
    """Progress goes to stderr, the path to stdout; 2 where there is no server and none can be built."""
    try:
        path = find_server(say=lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 -- this is the output
    except PocchaosError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    print(path)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
