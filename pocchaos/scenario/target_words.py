"""The target in the language: how to call the POC under test, how to start it, how to read its answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pocchaos.scenario.words import OneOrMore, Positive, Text, Words, listed, text_or_mapping


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


Matchers = Annotated[tuple[Matcher, ...], BeforeValidator(listed), OneOrMore()]


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
    Annotated[Text, Tag("text")] | Annotated[VersionCall, Tag("mapping")], Discriminator(text_or_mapping)
]
Joined: TypeAlias = Annotated[
    Annotated[Literal["none"], Tag("text")] | Annotated[Correlate, Tag("mapping")], Discriminator(text_or_mapping)
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
