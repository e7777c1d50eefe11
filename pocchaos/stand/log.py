"""The attempt log: one JSON object a line, buffered, on disk within 250 ms of an attempt's end."""

import asyncio
import json
import os
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pocchaos.model.evidence import Attempt
from pocchaos.model.units import Seconds

FLUSH_AFTER: Final = Seconds(0.2)
FLUSH_ABOVE: Final = 1 << 20  # bytes: a burst does not grow the buffer without bound
LONGEST_FIELD: Final = 500  # characters of a path or join that are kept

_FIELDS: Final = tuple(field.name for field in fields(Attempt))


class AttemptLog:
    """Append-only; `write` never blocks on the disk for more than one buffer, and a full disk ends the stand."""

    def __init__(self, path: Path, *, secrets: tuple[str, ...] = ()) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)
        self._lines: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.flush()
        os.fsync(self._fd)
        os.close(self._fd)

    def write(self, attempt: Attempt) -> None:
        """One attempt, when it has ended."""
        row = {name: getattr(attempt, name) for name in _FIELDS}
        row["path"] = self._shown(attempt.path)
        row["join"] = attempt.join and self._shown(attempt.join)
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        self._lines.append(line)
        self._size += len(line)
        if self._size > FLUSH_ABOVE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER, self.flush)

    def flush(self) -> None:
        """Hand everything to the kernel."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        left = memoryview(b"".join(self._lines))
        self._lines.clear()
        self._size = 0
        while left:
            left = left[os.write(self._fd, left) :]

    def _shown(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "«redacted»")
        return text[:LONGEST_FIELD]
