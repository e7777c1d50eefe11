"""Whole replies that the stand gives of its own accord."""

import json
from collections.abc import Mapping
from typing import Any

from pocchaos.model.reply import Chunk, Reply, script
from pocchaos.model.units import Seconds


def whole(
    status: int, content: Mapping[str, Any], *, headers: tuple[tuple[str, str], ...] = (), delay: float = 0.0
) -> Reply:
    """A JSON reply with its Content-Length."""
    body = json.dumps(content).encode()
    return Reply(
        status=status,
        headers=(("content-type", "application/json"), *headers),
        chunks=script([Chunk(data=body, tokens=1)]),
        length=len(body),
        delay=Seconds(delay),
    )


def problem(status: int, why: str, *, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """An error of the stand itself, in words, in the envelope that most clients can read."""
    return whole(
        status,
        {"error": {"message": f"pocchaos stand: {why}", "type": "pocchaos_stand", "param": None, "code": None}},
        headers=headers,
    )


def nothing() -> Reply:
    """What a fault reshapes where the origin was not asked: an empty 200."""
    return Reply(status=200, chunks=script([]), length=0)
