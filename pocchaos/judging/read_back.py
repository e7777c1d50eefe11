"""Whether toxiproxy-server showed what it was asked for, each time that a fault went on."""

from collections.abc import Mapping
from typing import Any, Final, assert_never

from pocchaos.faults import AnyStandFault, AnyToxic, Down, StandFault, Toxic

FLOAT32: Final = 1e-6  # the server keeps toxicity in 32 bits


def as_asked(fault: Down | AnyToxic | AnyStandFault, shown: Mapping[str, Any]) -> bool:
    """Type, stream, toxicity and every attribute; the stand confirms its own faults itself."""
    match fault:
        case Down():
            return shown.get("enabled") is False
        case Toxic() as toxic:
            attributes, toxicity = shown.get("attributes"), shown.get("toxicity")
            return (
                (shown.get("type"), shown.get("stream")) == (toxic.kind, toxic.stream)
                and isinstance(toxicity, int | float)
                and abs(toxicity - toxic.toxicity) <= FLOAT32
                and isinstance(attributes, Mapping)
                and all(attributes.get(key) == value for key, value in toxic.wire().items())
            )
        case StandFault():
            return True
        case _ as never:
            assert_never(never)
