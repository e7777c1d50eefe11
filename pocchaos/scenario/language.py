"""The scenario as frozen values: what the YAML file says, after `extends` and `${env.*}`, before any plan.

Other templates (`${tenant.token}`, `${input.text}`, …) stay as they were written: they are rendered per request.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PositiveInt,
    Tag,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pocchaos.arrivals import Arrival
from pocchaos.assertions import Assertion
from pocchaos.faults import Fault
from pocchaos.model.distribution import Dist, Fixed
from pocchaos.model.units import Duration, Share

Category = Literal["in_scope", "edge_case", "off_topic", "malformed", "misuse"]
Text = str
Positive = Annotated[Duration, Field(gt=0)]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class _OneOrMore:
    """In the JSON schema: one of the things, or a list of them."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def _shape(value: Any) -> str:
    """Which member of a union is meant, by the shape of what was written alone: errors then speak of that one."""
    if isinstance(value, Mapping | BaseModel):
        return "mapping"
    return "list" if isinstance(value, list | tuple) else "text"


def _text_or_mapping(value: Any) -> str:
    return "mapping" if _shape(value) == "mapping" else "text"


def _text_or_list(value: Any) -> str:
    return "list" if _shape(value) == "list" else "text"


def _limit(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Limit = Annotated[
    str,
    BeforeValidator(
        _limit,
        json_schema_input_type=str | float,
    ),
]
"""`95%`, `3s`, `3`, `1.5x`, `-5pp`: read by the metric that it limits (`pocchaos.metrics.limits`)."""


class Words(BaseModel):
    """A mapping of the language: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Request(Words):
    """One HTTP call of the target, with templates."""

    method: Annotated[Text, Field(description="HTTP method", examples=["POST"])] = "POST"
    path: Annotated[Text, Field(description="Path and query under the target's url", examples=["/v1/answer"])]
    headers: Annotated[
        Mapping[str, Text],
        Field(description="Headers to send", examples=[{"authorization": "Bearer ${tenant.token}"}]),
    ] = Field(default_factory=dict)
    body: Annotated[Any, Field(alias="json", description="The JSON body", examples=[{"question": "${input.text}"}])] = (
        None
    )


class Answer(Words):
    """Where the answer is in the response; by default the whole JSON body."""

    path: Annotated[str | None, Field(description="JMESPath to the answer in a JSON body", examples=["answer"])] = None
    stream: Annotated[Literal["none", "sse"], Field(description="How the answer arrives: whole, or as events")] = "none"
    delta: Annotated[
        str | None,
        Field(description="JMESPath to the text of one event of a stream", examples=["choices[0].delta.content"]),
    ] = None
    done: Annotated[str | None, Field(description="The data of the last event of a stream", examples=["[DONE]"])] = None
    finish: Annotated[
        str | None,
        Field(description="JMESPath to the finish reason in an event", examples=["choices[0].finish_reason"]),
    ] = None
    error: Annotated[str | None, Field(description="JMESPath that is truthy in an error event", examples=["error"])] = (
        None
    )


class Matcher(Words):
    """One way to recognise a response: a header, a JMESPath that is truthy, or a pattern in the body."""

    header: Annotated[str | None, Field(description="A header that is there", examples=["x-degraded"])] = None
    equals: Annotated[str | None, Field(description="What that header must say")] = None
    path: Annotated[str | None, Field(description="A JMESPath that is truthy", examples=["refused"])] = None
    pattern: Annotated[str | None, Field(description="A regular expression found in the body")] = None


Matchers = Annotated[tuple[Matcher, ...], BeforeValidator(_listed), _OneOrMore()]


class Markers(Words):
    """The target's own signs; any of a list holds."""

    fallback: Annotated[Matchers, Field(description="This answer is a fallback: `degraded`")] = ()
    refusal: Annotated[Matchers, Field(description="This answer is a polite refusal: `refused`")] = ()
    shed: Annotated[Matchers, Field(description="The target says that it is overloaded: `shed`")] = ()
    error: Annotated[Matchers, Field(description="This body is a clean, machine-readable error")] = ()


class VersionCall(Words):
    """Where the target tells its version."""

    get: Annotated[Text, Field(description="Path to ask", examples=["/version"])]
    path: Annotated[str, Field(description="JMESPath to the version in the answer", examples=["commit"])]


class Start(Words):
    """How the target is started and stopped; paths are relative to the scenario file."""

    command: Annotated[
        tuple[Text, ...], Field(min_length=1, description="The command, a list", examples=[["python", "-m", "mypoc"]])
    ]
    cwd: Annotated[str | None, Field(description="Working directory, relative to the scenario file")] = None
    stop: Annotated[
        tuple[Text, ...] | None,
        Field(min_length=1, description="The command that stops it; absent: SIGTERM to its process group"),
    ] = None
    env: Annotated[
        Mapping[str, Text],
        Field(
            description="Variables beside the inherited ones", examples=[{"LLM_BASE_URL": "${upstreams.llm.url}/v1"}]
        ),
    ] = Field(default_factory=dict)


class Correlate(Words):
    """The header that the target passes on to its upstreams, so that attempts can be joined to requests."""

    header: Annotated[str, Field(description="Name of the header", examples=["x-request-id"])]


def _clean(value: Any) -> Any:
    return {"statuses": value} if isinstance(value, list | tuple) else value


class CleanErrors(Words):
    """Statuses that may count as `shed`."""

    statuses: tuple[Annotated[int, Field(ge=400, le=599)], ...] = (429, 502, 503, 504)
    retry_after: Annotated[
        Literal["required"] | None, Field(description="`required`: without Retry-After it is an error")
    ] = None


class _ListOrMapping:
    """In the JSON schema: the statuses alone, or the mapping."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "array", "items": {"type": "integer"}}, handler(core)]}


Version: TypeAlias = Annotated[
    Annotated[Text, Tag("text")] | Annotated[VersionCall, Tag("mapping")], Discriminator(_text_or_mapping)
]
Joined: TypeAlias = Annotated[
    Annotated[Literal["none"], Tag("text")] | Annotated[Correlate, Tag("mapping")], Discriminator(_text_or_mapping)
]


class Target(Words):
    """The POC under test: how to call it, how to start it, how to read its answer."""

    url: Annotated[Text, Field(description="Where it answers", examples=["http://127.0.0.1:8080"])]
    version: Annotated[Version | None, Field(description="What was tested: a text, or where to ask")] = None
    start: Annotated[Start | None, Field(description="How to start it; absent: it is running already")] = None
    ready: Annotated[str, Field(description="Path that answers 2xx when it is up", examples=["/healthz"])] = "/"
    deadline: Annotated[Positive, Field(description="For one sample; then we hang up, and it is `hung`")] = 30.0
    request: Request
    answer: Answer = Answer()
    markers: Markers = Markers()
    secrets: Annotated[tuple[Text, ...], Field(description="Texts that must never occur in a response")] = ()
    correlate: Annotated[Joined, Field(description="How an attempt at an upstream is joined to a request")] = "none"
    clean_errors: Annotated[CleanErrors, BeforeValidator(_clean), _ListOrMapping()] = CleanErrors()


class Simulate(Words):
    """A simulated origin."""

    simulate: Annotated[Literal["openai"], Field(description="Which API to speak")]
    ttft: Annotated[Dist, Field(description="Time to the first token")] = Fixed.model_validate({"value": "200ms"})
    tokens_per_second: Annotated[float, Field(gt=0, description="Pace of one answer")] = 60.0


Origin: TypeAlias = Annotated[
    Annotated[Text, Tag("text")] | Annotated[Simulate, Tag("mapping")], Discriminator(_text_or_mapping)
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
    Discriminator(_text_or_list),
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
    Discriminator(_text_or_mapping),
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


Load = Annotated[tuple[Arrival, ...], Field(min_length=1), BeforeValidator(_listed), _OneOrMore()]


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

Names = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_listed), _OneOrMore()]


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
