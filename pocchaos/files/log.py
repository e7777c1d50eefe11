"""Append-only files of JSON lines: written line by line while a run lasts, read back though the tail is torn."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from pocchaos.model.errors import RunDirectoryError


class JsonLines:
    """An append-only log. Each line reaches the operating system at once, so SIGKILL of the writer loses none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("ab", buffering=0)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record as a line of compact JSON."""
        self.append_line(json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode())

    def append_line(self, line: bytes) -> None:
        """Write a line that is JSON already; a short write (a full disk) raises OSError, never a silent gap."""
        whole = memoryview(line if line.endswith(b"\n") else line + b"\n")
        while whole:
            whole = whole[self._file.write(whole) :]

    def close(self) -> None:
        """Close the file; what was appended stays."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a log, oldest first; a torn last line is left out, a missing file has none."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Each line as a mapping; raises RunDirectoryError with file:line where one is not JSON."""
    for number, line in enumerate(read_lines(path), start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise RunDirectoryError(
                f"{path}:{number}: this line is damaged ({error}); the run cannot be judged"
            ) from None
        if not isinstance(record, dict):
            raise RunDirectoryError(f"{path}:{number}: this line is no record; the run cannot be judged")
        yield record


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that a reader sees the old one or the new one."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    beside.replace(path)
