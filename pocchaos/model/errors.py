"""What can go wrong that a person can mend; each message says the value, the place and the remedy.

    PocchaosError                 the root; `exit_code` is what the command ends with
    ├── UsageError            2   an argument or option that cannot be
    ├── ScenarioError         2   one or more problems in a scenario file, all of them at once
    ├── PortTakenError        2   an address that the scenario asks for is in use
    ├── InUseError            2   a shared server or a run that somebody else is at
    ├── ToxiproxyMissingError 2   no usable toxiproxy-server, and none could be built
    ├── TargetNotReadyError   2   the target never answered its `ready` path
    ├── WiringError           2   an upstream that no request of the target ever reached
    ├── RunDirectoryError     2   a run directory that is not one, or of another version
    └── HarnessError          4   a part of ours died or did not do what it confirmed
        ├── ToxiproxyError    4   the control API refused, hung, or read back something else
        ├── StandError        4   the stand died or did not answer
        ├── LoadError         4   the Locust process died or did not answer
        └── WatchdogError     4   the watchdog died or did not answer

The target's failures are data, never exceptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class PocchaosError(Exception):
    """The root of everything that pocchaos raises on purpose."""

    exit_code = 2


class UsageError(PocchaosError):
    """An argument or option that cannot be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing wrong in a scenario file: where it stands, what it is, how to mend it."""

    file: str
    line: int  # 1-based; 0 where the file as a whole is meant
    path: str  # dotted, with list indices: stages[1].faults[0].upstream
    message: str  # the value and the remedy

    def __str__(self) -> str:
        """`scenario.yaml:41: stages[1].duration: "5" is not a duration: …`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ScenarioError(PocchaosError):
    """Every problem of one scenario file (and its parents), in the order of the lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class PortTakenError(PocchaosError):
    """An address that the scenario asks for is in use."""


class InUseError(PocchaosError):
    """A shared server or a run that somebody else is at; the message names the owner."""


class ToxiproxyMissingError(PocchaosError):
    """No usable toxiproxy-server was found and none could be built."""


class TargetNotReadyError(PocchaosError):
    """The target could not be started or never answered its `ready` path."""


class WiringError(PocchaosError):
    """An upstream that no request of the target ever reached."""


class RunDirectoryError(PocchaosError):
    """A run directory that is not one, is torn beyond reading, or was written by another version."""


class HarnessError(PocchaosError):
    """A part of ours died, or did not do what it was asked: the run says so and ends with 4."""

    exit_code = 4


class ToxiproxyError(HarnessError):
    """The control API refused, hung, or read back something other than what was set."""


class StandError(HarnessError):
    """The stand died or did not answer."""


class LoadError(HarnessError):
    """The Locust process died or did not answer."""


class WatchdogError(HarnessError):
    """The watchdog died or did not answer."""
