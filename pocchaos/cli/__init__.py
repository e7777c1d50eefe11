"""The command line: one file a verb; each parses, calls, prints and chooses the exit code.

Exit codes: 0 all criteria pass · 1 a criterion failed · 2 usage or scenario error · 3 inconclusive ·
4 a part of pocchaos itself failed · 130 interrupted.
"""

import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper

from pocchaos.conductor.interrupts import Interruption, interrupts_raise
from pocchaos.model.errors import HarnessError, PocchaosError, ScenarioError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command (of `sys.argv`, if none is given) and exit; a user's mistake is a message, never a traceback."""
    interrupts_raise()
    _write_what_can_be_written()
    try:
        from pocchaos.cli.app import app  # only now: an impatient Ctrl-C is met here already

        app(args=arguments, prog_name="pocchaos")
    except Interruption:
        sys.exit(_told("pocchaos: interrupted", 130))
    except ScenarioError as error:
        count = len(error.problems)
        plural = "s" if count != 1 else ""
        sys.exit(_told(f"{error}\n{count} problem{plural}; nothing was run", error.exit_code))
    except PocchaosError as error:
        sys.exit(_told(f"pocchaos: {error}", error.exit_code))
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: no complaint at exit either
        sys.exit(0)
    except OSError as error:  # a full disk, no more file descriptors
        sys.exit(_told(f"pocchaos: {error}", HarnessError.exit_code))
    except Exception:  # noqa: BLE001 - 1 would say that a criterion failed
        traceback.print_exc()
        sys.exit(_told("pocchaos: this is a fault of pocchaos itself: please report it", HarnessError.exit_code))


def _write_what_can_be_written() -> None:
    """Where the terminal's encoding has no ≥, a ? stands for it: output is never a reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _told(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - this is the command's output
    return code
