"""The command line: one file a verb; each parses, calls, prints and chooses the exit code.

Exit codes: 0 all criteria pass · 1 a criterion failed · 2 usage or scenario error · 3 inconclusive ·
4 a part of pocchaos itself failed · 130 interrupted.
"""

import sys

from pocchaos.cli.app import app
from pocchaos.model.errors import PocchaosError, ScenarioError


def main() -> None:
    """Run the command; a user's mistake is a message, never a traceback."""
    try:
        app(prog_name="pocchaos")
    except ScenarioError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)  # noqa: T201 - this is the command's output
        count = len(error.problems)
        print(f"{count} problem{'s' if count != 1 else ''}; nothing was run", file=sys.stderr)  # noqa: T201 - as above
        sys.exit(error.exit_code)
    except PocchaosError as error:
        print(f"pocchaos: {error}", file=sys.stderr)  # noqa: T201 - as above
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: no complaint at exit either
        sys.exit(0)
