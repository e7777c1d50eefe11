"""What callers send: strict JSON, and a readable error for everything else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.requests import Request

from pocchaos.reference.problems import Problem

LARGEST_BODY = 64 * 1024  # bytes
LONGEST_QUESTION = 2_000  # characters
LONGEST_TEXT = 16_000  # characters


@dataclass(frozen=True, kw_only=True)
class AnswerBody:
    """The body of POST /v1/answer."""

    question: str
    stream: bool


@dataclass(frozen=True, kw_only=True)
class DocumentBody:
    """The body of POST /v1/documents; without an id one is made."""

    id: str | None
    title: str
    text: str


async def read_answer(request: Request) -> AnswerBody:
    """`{"question": text, "stream": true or false}`; raises Problem."""
    body = await _read(request)
    return AnswerBody(
        question=_text(body, "question", LONGEST_QUESTION),
        stream=_flag(body, "stream"),
    )


async def read_document(request: Request) -> DocumentBody:
    """`{"id": text, "title": text, "text": text}`, the id being optional; raises Problem."""
    body = await _read(request)
    return DocumentBody(
        id=_text(body, "id", 100) if "id" in body else None,
        title=_text(body, "title", 200),
        text=_text(body, "text", LONGEST_TEXT),
    )


async def _read(request: Request) -> Mapping[str, Any]:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Problem(415, "not_json", "Send the body as JSON, with content-type application/json.")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            raise Problem(413, "too_large", f"The body is longer than {LARGEST_BODY} bytes.")
    try:
        # Python's reader takes NaN and Infinity, which are no JSON
        body = json.loads(content.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "malformed", "The body is no valid JSON.") from error
    if not isinstance(body, dict):
        raise Problem(422, "not_an_object", "The body must be a JSON object.")
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _text(body: Mapping[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Problem(422, "bad_field", f'"{name}" must be a text that is not blank.')
    if len(value) > longest:
        raise Problem(422, "bad_field", f'"{name}" is longer than {longest} characters.')
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Problem(422, "bad_field", f'"{name}" holds characters that no text has.')
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Problem(422, "bad_field", f'"{name}" must be true or false.')
    return value
