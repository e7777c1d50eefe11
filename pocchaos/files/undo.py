"""`undo.jsonl` of a run directory: what must be undone, written before it is done."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from pocchaos.exchange.redact import Redaction
from pocchaos.files.log import read_lines
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.undo import FaultOn, Owner, Part, SharedServer, StartedTarget, Undo

NAME: Final = "undo.jsonl"

_KINDS: Final[Mapping[str, Any]] = {
    "part": Part,
    "target": StartedTarget,
    "server": SharedServer,
    "fault": FaultOn,
}


class UndoLog:
    """Appends to it. A line has reached the operating system when the call returns, so no kill loses it.

    What a power cut would leave on (a shared server, a target) is on the disk as well. A fault is not: it goes with
    the machine or with its server, and an edge must not wait for a disk.
    """

    def __init__(self, folder: Path, redaction: Redaction) -> None:
        self._redaction = redaction
        self._file = os.open(folder / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def own(self, owner: Owner) -> None:
        """Whose run this is."""
        self._append({"owner": asdict(owner)}, lasting=True)

    def note(self, key: str, undo: Undo) -> None:
        """This is about to be done, or is known better now; no secret is written."""
        kept = replace(undo, env={}) if isinstance(undo, StartedTarget) else undo
        self._append({"key": key, "undo": written(kept)}, lasting=isinstance(undo, SharedServer | StartedTarget))

    def done(self, key: str, how: str = "") -> None:
        """This is undone."""
        self._append({"key": key, "undone": how})

    def close(self) -> None:
        """Close the file; what was appended stays."""
        os.close(self._file)

    def _append(self, record: Mapping[str, Any], *, lasting: bool = False) -> None:
        line = self._redaction.text(json.dumps(record, separators=(",", ":")))
        os.write(self._file, line.encode() + b"\n")
        if lasting:
            os.fdatasync(self._file)


def written(undo: Undo) -> dict[str, Any]:
    """A value as JSON."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(undo, cls))
    return {"kind": kind, **asdict(undo)}


def read(record: Mapping[str, Any]) -> Undo:
    """A value back from its JSON; raises KeyError or TypeError for another version's."""
    facts = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
    value: Undo = _KINDS[str(facts.pop("kind"))](**facts)
    return value


def pending(folder: Path) -> tuple[Owner | None, dict[str, Undo]]:
    """Whose run it is, and what is not undone, in the order in which it was done; a torn tail is left out."""
    owner: Owner | None = None
    left: dict[str, Undo] = {}
    for number, line in enumerate(read_lines(folder / NAME), start=1):
        try:
            record = json.loads(line)
            if "owner" in record:
                owner = Owner(**record["owner"])
            elif "undo" in record:
                left[record["key"]] = read(record["undo"])
            else:
                left.pop(record["key"], None)
        except (ValueError, KeyError, TypeError) as error:
            raise RunDirectoryError(f"{folder / NAME}:{number}: this line is damaged ({error})") from None
    return owner, left
