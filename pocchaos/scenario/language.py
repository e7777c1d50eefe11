"""The scenario as frozen values: what the YAML file says, after `extends` and `${env.*}`, before any plan.

Other templates (`${tenant.token}`, `${input.text}`, …) stay as they were written: they are rendered per request.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeFloat, PositiveInt

from pocchaos.arrivals import Arrival
from pocchaos.assertions import Assertion
from pocchaos.faults import Fault
from pocchaos.model.distribution import Dist, Fixed
from pocchaos.model.units import Duration, Share

Category = Literal["in_scope", "edge_case", "off_topic", "malformed", "misuse"]
Text = str
Limit = str  # `95%`, `3s`, `3`, `80/s`, `1.5x`, `-5pp`: read by the metric that it limits


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class Words(BaseModel):
    """A mapping of the language: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Request(Words):
    """One HTTP call of the target, with templates."""

    method: str = "POST"
    path: Text
    headers: Mapping[str, Text] = Field(default_factory=dict)
    body: Annotated[Any, Field(alias="json")] = None


class Answer(Words):
    """Where the answer is in the response; by default the whole JSON body."""

    path: str | None = None  # JMESPath
    stream: Literal["none", "sse"] = "none"
    delta: str | None = None
    done: str | None = None
    finish: str | None = None
    error: str | None = None


class Matcher(Words):
    """One way to recognise a response: a header, a JMESPath that is truthy, or a pattern in the body."""

    header: str | None = None
    equals: str | None = None
    path: str | None = None
    pattern: str | None = None


Matchers = Annotated[tuple[Matcher, ...], BeforeValidator(_listed)]


class Markers(Words):
    """The target's own signs; any of a list holds."""

    fallback: Matchers = ()
    refusal: Matchers = ()
    shed: Matchers = ()
    error: Matchers = ()


class VersionCall(Words):
    """Where the target tells its version."""

    get: Text
    path: str


class Start(Words):
    """How the target is started and stopped; paths are relative to the scenario file."""

    command: tuple[Text, ...]
    cwd: str | None = None
    stop: tuple[Text, ...] | None = None
    env: Mapping[str, Text] = Field(default_factory=dict)


class Correlate(Words):
    """The header that the target passes on to its upstreams, so that attempts can be joined to requests."""

    header: str


def _clean(value: Any) -> Any:
    return {"statuses": value} if isinstance(value, list | tuple) else value


class CleanErrors(Words):
    """Statuses that may count as `shed`."""

    statuses: tuple[int, ...] = (429, 502, 503, 504)
    retry_after: Literal["required"] | None = None


class Target(Words):
    """The POC under test: how to call it, how to start it, how to read its answer."""

    url: Text
    version: Text | VersionCall | None = None
    start: Start | None = None
    ready: str = "/"
    deadline: Duration = 30.0
    request: Request
    answer: Answer = Answer()
    markers: Markers = Markers()
    secrets: tuple[Text, ...] = ()
    correlate: Correlate | Literal["none"] = "none"
    clean_errors: Annotated[CleanErrors, BeforeValidator(_clean)] = CleanErrors()


class Simulate(Words):
    """A simulated origin."""

    simulate: Literal["openai"]
    ttft: Dist = Fixed(value="200ms")
    tokens_per_second: Annotated[NonNegativeFloat, Field(gt=0)] = 60.0


class Upstream(Words):
    """Something that the target depends on: target → Toxiproxy → stand → origin."""

    origin: Text | Simulate
    listen: str = "127.0.0.1:0"
    max_attempts: PositiveInt | None = None
    unused_ok: bool = False
    relay: bool = True


class Tenant(Words):
    """One customer of the target."""

    name: str
    token: Text | None = None
    vars: Mapping[str, Text] = Field(default_factory=dict)
    share: Share | None = None
    canaries: Mapping[str, Literal["auto"] | tuple[Text, ...]] = Field(default_factory=dict)
    quota: Any = None


class Inputs(Words):
    """One deck of inputs of one category: a JSONL file or generated malformed requests."""

    file: str | None = None
    generate: Literal["malformed"] | Mapping[str, Any] | None = None
    category: Category
    share: Share
    expect: Literal["answer", "refuse"] | None = None
    asserts: Annotated[tuple[Assertion, ...], Field(alias="assert")] = ()
    tenant: str | None = None


Load = Annotated[tuple[Arrival, ...], BeforeValidator(_listed)]


class Stage(Words):
    """A named stretch of time with one load and a set of faults; `"${fault}"` is the block's current one."""

    name: str
    duration: Duration
    settle: Duration = 0.0
    load: Load | None = None
    faults: tuple[Fault | Literal["${fault}"], ...] = ()


class Block(Words):
    """Stages that are repeated, for each of a list of faults or a number of times."""

    repeat: PositiveInt = 1
    for_each: tuple[Fault, ...] | None = None
    alternate: bool = False
    stages: tuple[Stage, ...]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Criterion(Words):
    """A claim with a metric, a scope and a limit, written before the run."""

    id: str
    claim: str = ""
    metric: str
    stage: Names | None = None
    category: Names | None = None
    tenant: Names | None = None
    upstream: Names | None = None
    fault: Names | None = None
    step: Names | None = None
    each: Literal["stage", "category", "tenant", "fault"] | None = None
    population: Literal["all", "bitten"] = "all"
    within: Duration | None = None
    at_least: Limit | None = None
    at_most: Limit | None = None
    of: str | None = None
    inputs: Literal["sample", "fixed"] = "sample"
    confidence: Share = 0.95


class Scenario(Words):
    """One scenario file, merged with what it extends."""

    version: Literal[1]
    name: str
    description: str = ""
    seed: int = 0
    target: Target
    upstreams: Mapping[str, Upstream] = Field(default_factory=dict)
    tenants: tuple[Tenant, ...] = (Tenant(name="default", share=1.0),)
    inputs: tuple[Inputs, ...]
    load: Load
    stages: tuple[Stage | Block, ...]
    criteria: tuple[Criterion, ...] = ()
