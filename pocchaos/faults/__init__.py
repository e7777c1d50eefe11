"""The catalogue of faults: one file each.

To add one: a file, the last line of a union below, a test, a row in docs/reference/faults.md.
docs/how-to/add-a-fault.md shows it from start to end.
"""

from typing import Annotated

from pydantic import Field

from pocchaos.faults.bandwidth import Bandwidth
from pocchaos.faults.base import BaseFault, Flap, Match, StandFault, Toxic, Visibility, described
from pocchaos.faults.down import Down
from pocchaos.faults.http_error import HttpError
from pocchaos.faults.latency import Latency
from pocchaos.faults.limit_data import LimitData
from pocchaos.faults.reset_peer import ResetPeer
from pocchaos.faults.slicer import Slicer
from pocchaos.faults.slow_close import SlowClose
from pocchaos.faults.stall import Stall
from pocchaos.faults.timeout import Timeout

AnyToxic = (
    Bandwidth
    | Latency
    | LimitData
    | ResetPeer
    | Slicer
    | SlowClose
    | Timeout
)  # fmt: skip

AnyStandFault = (
    HttpError
    | Stall
)  # fmt: skip

Fault = Annotated[Down | AnyToxic | AnyStandFault, Field(discriminator="type")]

__all__ = [
    "AnyStandFault",
    "AnyToxic",
    "BaseFault",
    "Down",
    "Fault",
    "Flap",
    "Match",
    "StandFault",
    "Toxic",
    "Visibility",
    "described",
]
