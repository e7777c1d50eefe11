"""What the parent says on standard input, one JSON object a line; its end means that the parent is gone."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from gevent.os import make_nonblocking, nb_read

_BLOCK = 1 << 16


def first_line(descriptor: int) -> tuple[bytes, bytes]:
    """The first line, and what was read beyond it; blocking, for there is nothing else to do yet."""
    read = bytearray()
    while (at := read.find(b"\n")) < 0:
        data = os.read(descriptor, _BLOCK)
        if not data:
            return b"", b""
        read += data
    return bytes(read[: at + 1]), bytes(read[at + 1 :])


def follow(descriptor: int, rest: bytes, obey: Callable[[Mapping[str, Any]], None]) -> None:
    """Obey each line as it comes; returns when the parent has gone."""
    make_nonblocking(descriptor)
    pending = rest
    while True:
        *lines, pending = pending.split(b"\n")
        for line in lines:
            if line:
                obey(json.loads(line))
        data = nb_read(descriptor, _BLOCK)
        if not data:
            return
        pending += data
