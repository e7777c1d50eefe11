"""The two clocks of the stand: monotonic microseconds for all that is recorded, wall time for headers with a date."""

import time

from pocchaos.model.units import Seconds


def now_us() -> int:
    """CLOCK_MONOTONIC in whole microseconds: shared by every process of the machine."""
    return time.monotonic_ns() // 1_000


def wall() -> Seconds:
    """Seconds since the epoch."""
    return Seconds(time.time())
