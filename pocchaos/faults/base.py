"""What every fault is: a degradation of one upstream with a place on the timeline.

Three families: `Toxic` (carried out by toxiproxy-server), `Down` (the proxy is switched off) and `StandFault`
(carried out by our stand, per request). A fault says what it is and, for the stand, reshapes a reply script;
somebody on a higher floor carries it out.
"""

from abc import abstractmethod
from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from pocchaos.model.reply import AttemptFacts, Reply
from pocchaos.model.units import Duration, Share


class Visibility(Enum):
    """Whether an attempt under the fault still reaches the stand and can be counted there."""

    VISIBLE = "visible"
    BLIND = "blind"


class Attributes(BaseModel):
    """The parameters of one fault type."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _in_milliseconds(value: float) -> float:
    milliseconds = value * 1_000
    if abs(milliseconds - round(milliseconds)) > 1e-6:
        raise ValueError(
            f"{milliseconds:g}ms is no whole number of milliseconds, in which Toxiproxy counts: "
            f"write {max(1, round(milliseconds))}ms"
        )
    return value


Milliseconds = Annotated[Duration, AfterValidator(_in_milliseconds)]
"""A duration as Toxiproxy's own toxics take it; what it would silently round, to nothing above all, is refused."""


class Flap(BaseModel):
    """On for `fault`, off for `pause`, over and over within the fault's time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Duration
    pause: Duration


class BaseFault(BaseModel):
    """One degradation of one upstream, with its place on the timeline of its stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    upstream: str
    id: str = ""  # default: upstream.type, filled in when the scenario is read
    at: Duration = 0.0
    for_: Annotated[Duration | None, Field(alias="for")] = None  # None: to the stage's end
    flap: Flap | None = None

    @property
    def name(self) -> str:
        """The fault's id: as given, else `upstream.type`."""
        return self.id or f"{self.upstream}.{self.kind}"

    @property
    @abstractmethod
    def kind(self) -> str:
        """The fault's type, in Toxiproxy's or the stand's words."""

    @property
    @abstractmethod
    def visibility(self) -> Visibility:
        """Whether attempts under this fault can still be counted at the stand."""


class Toxic(BaseFault):
    """A toxic of toxiproxy-server; `toxicity` is drawn per connection and direction, not per request."""

    stream: Literal["downstream", "upstream"] = "downstream"
    toxicity: Share = 1.0

    @property
    def visibility(self) -> Visibility:
        """Bytes still reach the stand, unless the type says otherwise."""
        return Visibility.VISIBLE

    @abstractmethod
    def wire(self) -> Mapping[str, int]:
        """The attributes in Toxiproxy's own units, as the control API takes them."""


class StoppingToxic(Toxic):
    """A toxic that, on the way up, stops the request before the stand: nothing can be counted there."""

    @property
    def visibility(self) -> Visibility:
        """Blind upstream, visible downstream."""
        return Visibility.BLIND if self.stream == "upstream" else Visibility.VISIBLE


class Match(BaseModel):
    """Which attempts a stand fault is for; absent keys match everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = None  # a glob
    method: str | None = None
    tenant: str | None = None

    def holds(self, attempt: AttemptFacts) -> bool:
        """Whether the attempt is one of those meant."""
        return (
            (self.path is None or fnmatchcase(attempt.path, self.path))
            and (self.method is None or attempt.method.upper() == self.method.upper())
            and (self.tenant is None or attempt.tenant == self.tenant)
        )


class StandFault(BaseFault):
    """A fault that the stand makes, request by request: a pure function on the script of the reply."""

    error_rate: Share = 1.0
    match: Match | None = None
    first: PositiveInt | None = None  # only the first N matching attempts
    every: PositiveInt | None = None  # only every N-th matching attempt

    looks_back: ClassVar[bool] = False  # `AttemptFacts.recent` is kept only for faults that ask for it

    @property
    def blocks_origin(self) -> bool:
        """Whether the origin is left alone while this fault touches an attempt.

        `shape` then gets an empty 200, and `attempt.streaming` says whether the caller asked for a stream. Silence
        (`held`) is told to every caller alike: it does not wait for the request's body, in which that is said.
        """
        return False

    @property
    def visibility(self) -> Visibility:
        """The stand itself counts the attempt."""
        return Visibility.VISIBLE

    def eligible(self, attempt: AttemptFacts) -> bool:
        """Whether the fault could touch this attempt, before `error_rate` is drawn; `match` held already."""
        return (self.first is None or attempt.ordinal <= self.first) and (
            self.every is None or attempt.ordinal % self.every == 0
        )

    @abstractmethod
    def shape(self, reply: Reply, attempt: AttemptFacts) -> Reply:
        """The reply as it is under this fault."""


def described(fault: BaseFault) -> dict[str, Any]:
    """The fault's attributes as plain values, for marks and reports."""
    attributes = getattr(fault, "attributes", None)
    return attributes.model_dump(mode="json", by_alias=True) if isinstance(attributes, BaseModel) else {}


Count = NonNegativeInt
