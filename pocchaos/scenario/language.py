"""The scenario as frozen values: what the YAML file says, after `extends` and `${env.*}`, before any plan.

Other templates (`${tenant.token}`, `${input.text}`, …) stay as they were written: they are rendered per request.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, PositiveInt, Tag

from pocchaos.arrivals import Arrival
from pocchaos.assertions import Assertion
from pocchaos.faults import Fault
from pocchaos.model.distribution import Dist, Fixed
from pocchaos.model.units import Duration, Share
from pocchaos.scenario.target_words import (
    Answer,
    CleanErrors,
    Correlate,
    Markers,
    Matcher,
    Request,
    Start,
    Target,
    VersionCall,
)
from pocchaos.scenario.words import Limit, OneOrMore, Positive, Text, Words, listed, text_or_list, text_or_mapping

Category = Literal["in_scope", "edge_case", "off_topic", "malformed", "misuse"]


class Simulate(Words):
    """A simulated origin."""

    simulate: Annotated[Literal["openai"], Field(description="Which API to speak")]
    ttft: Annotated[Dist, Field(description="Time to the first token")] = Fixed.model_validate({"value": "200ms"})
    tokens_per_second: Annotated[float, Field(gt=0, description="Pace of one answer")] = 60.0


Origin: TypeAlias = Annotated[
    Annotated[Text, Tag("text")] | Annotated[Simulate, Tag("mapping")], Discriminator(text_or_mapping)
]


class Upstream(Words):
    """Something that the target depends on: target → Toxiproxy → stand → origin."""

    origin: Annotated[
        Origin,
        Field(
            description="The real thing: http://host:port, tcp://host:port, or {simulate: openai}",
            examples=["http://127.0.0.1:9000", "tcp://127.0.0.1:5432"],
        ),
    ]
    listen: Annotated[str, Field(description="Where Toxiproxy listens", examples=["127.0.0.1:18001"])] = "127.0.0.1:0"
    max_attempts: Annotated[PositiveInt | None, Field(description="The bill: beyond it 429 and INCONCLUSIVE")] = None
    unused_ok: Annotated[bool, Field(strict=True, description="The wiring check may see no attempt")] = False
    relay: Annotated[bool, Field(strict=True, description="tcp:// only: false leaves the counting relay out")] = True


Canary: TypeAlias = Annotated[
    Annotated[Literal["auto"], Tag("text")] | Annotated[tuple[Text, ...], Field(min_length=1), Tag("list")],
    Discriminator(text_or_list),
]


class Tenant(Words):
    """One customer of the target."""

    name: Annotated[str, Field(description="`${tenant.name}`", examples=["acme"])]
    token: Annotated[Text | None, Field(description="`${tenant.token}`", examples=["${env.ACME_TOKEN}"])] = None
    vars: Annotated[Mapping[str, Text], Field(description="`${tenant.vars.*}`")] = Field(default_factory=dict)
    share: Annotated[Share | None, Field(description="Of the load; all shares sum to 100%", examples=["50%"])] = None
    canaries: Annotated[
        Mapping[str, Canary], Field(description="By surface: auto, or texts that only this tenant may see")
    ] = Field(default_factory=dict)
    quota: Annotated[Any, Field(description="Not yet")] = None


Generated: TypeAlias = Annotated[
    Annotated[Literal["malformed"], Tag("text")] | Annotated[Mapping[str, Any], Tag("mapping")],
    Discriminator(text_or_mapping),
]


class Inputs(Words):
    """One deck of inputs of one category: a JSONL file or generated malformed requests."""

    file: Annotated[
        str | None, Field(description="JSONL, relative to the scenario file", examples=["inputs/questions.jsonl"])
    ] = None
    generate: Annotated[
        Generated | None,
        Field(description="malformed, or {malformed: {kinds: […], count: N}}"),
    ] = None
    category: Annotated[Category, Field(description="What kind of input this is")]
    share: Annotated[Share, Field(description="Of the requests; all shares sum to 100%", examples=["70%"])]
    expect: Annotated[
        Literal["answer", "refuse"] | None,
        Field(description="Default: answer for in_scope and edge_case, else refuse"),
    ] = None
    asserts: Annotated[
        tuple[Assertion, ...], Field(alias="assert", description="All must hold; a row's own replace them")
    ] = ()
    tenant: Annotated[str | None, Field(description="Only this tenant asks it")] = None

    @property
    def expected(self) -> Literal["answer", "refuse"]:
        """What a good target does with these inputs, unless a row says otherwise."""
        return self.expect or ("answer" if self.category in ("in_scope", "edge_case") else "refuse")


Load = Annotated[tuple[Arrival, ...], Field(min_length=1), BeforeValidator(listed), OneOrMore()]


def _fault_or_current(value: Any) -> str:
    return "current" if isinstance(value, str) else "fault"


class Stage(Words):
    """A named stretch of time with one load and a set of faults; `"${fault}"` is the block's current one."""

    name: Annotated[str, Field(description="Criteria name it", examples=["outage"])]
    duration: Annotated[Positive, Field(description="How long it lasts", examples=["90s"])]
    settle: Annotated[Duration, Field(description="Left out of the judged window at its start; for warm-up")] = 0.0
    load: Annotated[Load | None, Field(description="A load of its own")] = None
    faults: tuple[
        Annotated[
            Annotated[Fault, Tag("fault")] | Annotated[Literal["${fault}"], Tag("current")],
            Discriminator(_fault_or_current),
        ],
        ...,
    ] = ()


class Block(Words):
    """Stages that are repeated, for each of a list of faults or a number of times."""

    repeat: Annotated[PositiveInt, Field(description="How many cycles; outside `for_each`")] = 1
    for_each: Annotated[
        tuple[Fault, ...] | None,
        Field(min_length=1, description="A list of faults, or the path of a YAML file that holds one"),
    ] = None
    alternate: Annotated[bool, Field(strict=True, description="Every second cycle runs its stages in reverse")] = False
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]


BLOCK_KEYS = frozenset({"repeat", "for_each", "alternate", "stages"})


def _stage_or_block(value: Any) -> str:
    block = isinstance(value, Block) or (isinstance(value, Mapping) and bool(BLOCK_KEYS & value.keys()))
    return "block" if block else "stage"


StageOrBlock: TypeAlias = Annotated[
    Annotated[Stage, Tag("stage")] | Annotated[Block, Tag("block")], Discriminator(_stage_or_block)
]

Names = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(listed), OneOrMore()]


class Criterion(Words):
    """A claim with a metric, a scope and a limit, written before the run."""

    id: Annotated[str, Field(description="Names it in the report", examples=["graceful"])]
    claim: Annotated[str, Field(description="The claim in people's words")] = ""
    metric: Annotated[str, Field(description="What is measured", examples=["answered", "latency.p95"])]
    stage: Annotated[Names | None, Field(description="Name, list or glob")] = None
    category: Annotated[Names | None, Field(description="Name, list or glob")] = None
    tenant: Annotated[Names | None, Field(description="Name, list or glob")] = None
    upstream: Annotated[Names | None, Field(description="Name, list or glob")] = None
    fault: Annotated[Names | None, Field(description="Id, list or glob")] = None
    step: Annotated[Names | None, Field(description="Not yet")] = None
    each: Annotated[
        Literal["stage", "category", "tenant", "fault"] | None,
        Field(description="One verdict per value, the worst wins"),
    ] = None
    population: Annotated[
        Literal["all", "bitten"], Field(description="bitten: only requests of which a faulted attempt is known")
    ] = "all"
    unit: Annotated[Literal["request"], Field(description="What is counted")] = "request"
    within: Annotated[Positive | None, Field(description="Success only if also this fast")] = None
    at_least: Annotated[Limit | None, Field(description="The limit from below", examples=["95%"])] = None
    at_most: Annotated[Limit | None, Field(description="The limit from above", examples=["3s", "5%", "1.5x"])] = None
    of: Annotated[str | None, Field(description="Compared with this stage", examples=["baseline"])] = None
    inputs: Annotated[
        Literal["sample", "fixed"],
        Field(description="fixed: a claim about these inputs, not about others like them"),
    ] = "sample"
    confidence: Annotated[Share, Field(ge=0.5, lt=1, description="Two-sided interval")] = 0.95


class Scenario(Words):
    """One scenario file, merged with what it extends."""

    version: Annotated[Literal[1], Field(description="Version of the language")]
    name: Annotated[
        str, Field(min_length=1, max_length=80, description="Used in the run's id", examples=["llm-outage"])
    ]
    description: str = ""
    seed: Annotated[int, Field(description="Same scenario and seed, same plan")] = 0
    target: Target
    upstreams: Annotated[Mapping[str, Upstream], Field(description="By name")] = Field(default_factory=dict)
    tenants: Annotated[tuple[Tenant, ...], Field(min_length=1)] = (Tenant(name="default", share=1.0),)
    inputs: Annotated[tuple[Inputs, ...], Field(min_length=1)]
    load: Annotated[Load, Field(description="The load of every stage that has none of its own")]
    stages: Annotated[
        tuple[StageOrBlock, ...],
        Field(min_length=1, description="The first is the baseline: no faults, no load of its own"),
    ]
    criteria: tuple[Criterion, ...] = ()


__all__ = [
    "BLOCK_KEYS",
    "Answer",
    "Block",
    "Category",
    "CleanErrors",
    "Correlate",
    "Criterion",
    "Inputs",
    "Limit",
    "Load",
    "Markers",
    "Matcher",
    "Request",
    "Scenario",
    "Simulate",
    "Stage",
    "Start",
    "Target",
    "Tenant",
    "Upstream",
    "VersionCall",
    "Words",
]
