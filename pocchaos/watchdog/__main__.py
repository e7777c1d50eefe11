"""The watchdog: it learns over its standard input what is to be undone, and undoes the rest when that ends.

Started by the conductor in a session of its own. Lines of JSON: `{"run", "folder", "secrets"}` first, then
`{"key", "undo"}`, `{"key", "undone"}` and `{"ping": n}`, which it answers with `{"pong": n}`. The end of the input is
the end of the conductor, however it came about.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from pocchaos.exchange.redact import Redaction
from pocchaos.files.redaction import redact_logs
from pocchaos.files.undo import UndoLog, read
from pocchaos.model.undo import Undo
from pocchaos.watchdog.rollback import roll_back


def main() -> None:
    """Watch until the input ends; then roll back, and leave no secret in a log."""
    for number in (signal.SIGINT, signal.SIGHUP):  # a closing terminal is just what it is there for
        signal.signal(number, signal.SIG_IGN)
    first = json.loads(sys.stdin.readline())
    folder = Path(first["folder"])
    _say({"ready": True})
    left: dict[str, Undo] = {}
    for line in sys.stdin:
        if not line.endswith("\n"):
            break  # torn by the death of who wrote it
        _learn(json.loads(line), left)
    if not left:
        return
    redaction = Redaction(first["secrets"])
    log = UndoLog(folder, redaction)
    failed = roll_back(
        first["run"],
        left,
        done=lambda key, how: log.done(key, f"by the watchdog: {how}"),
        log=folder / "logs/target.log",
    )
    redact_logs(folder, redaction)
    log.close()
    for sentence in failed:
        sys.stderr.write(f"{sentence}\n")
    sys.exit(1 if failed else 0)


def _learn(told: dict[str, Any], left: dict[str, Undo]) -> None:
    if "ping" in told:
        _say({"pong": told["ping"]})
    elif "undo" in told:
        left[told["key"]] = read(told["undo"])
    else:
        left.pop(told["key"], None)


def _say(words: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()
    except OSError:  # nobody listens any more: the input will end
        return


if __name__ == "__main__":
    main()
