"""A chat completions call as values, or the real API's error for a malformed one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")


class InvalidCallError(Exception):
    """A call that the real API would refuse, with its status and the parts of its envelope."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        self.message, self.param, self.code, self.status = message, param, code, status
        super().__init__(message)

    def envelope(self) -> Mapping[str, Any]:
        """OpenAI's error envelope."""
        return {
            "error": {
                "message": self.message,
                "type": "invalid_request_error",
                "param": self.param,
                "code": self.code,
            }
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatRequest:
    """What the simulator reads of a call; all else is accepted and ignored, as harmless."""

    model: str
    system: tuple[str, ...]  # system and developer messages, tool results
    users: tuple[str, ...]
    stream: bool
    include_usage: bool
    max_tokens: int | None
    json_object: bool
    prompt_tokens: int  # characters / 4, as a rule of thumb


def read_chat(body: bytes) -> ChatRequest:
    """The call in this body; raises InvalidCallError."""
    told = _object(body)
    if not isinstance(told.get("model"), str) or not told["model"]:
        raise InvalidCallError("you must provide a model parameter")
    messages = _messages(told)
    stream = _flag(told, "stream")
    options = told.get("stream_options")
    if options is not None and not stream:
        raise InvalidCallError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    return ChatRequest(
        model=told["model"],
        system=tuple(text for role, text in messages if role in {"system", "developer", "tool", "function"}),
        users=tuple(text for role, text in messages if role == "user"),
        stream=stream,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        max_tokens=_limit(told),
        json_object=_json_object(told.get("response_format")),
        prompt_tokens=max(1, sum(len(text) for _, text in messages) // 4),
    )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InvalidCallError(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
            "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
        )
    return told


def _messages(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    messages = told.get("messages")
    if messages is None:
        raise InvalidCallError(
            "Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter"
        )
    if not isinstance(messages, list):
        raise _wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise InvalidCallError(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    return [_message(position, message) for position, message in enumerate(messages)]


def _message(position: int, message: Any) -> tuple[str, str]:
    place = f"messages[{position}]"
    if not isinstance(message, dict):
        raise _wrong_type(place, "an object", message)
    role = message.get("role")
    if role not in ROLES:
        raise InvalidCallError(
            f"Invalid value: '{role}'. Supported values are: {', '.join(map(repr, ROLES))}.",
            param=f"{place}.role",
            code="invalid_value",
        )
    return role, _text(place, role, message.get("content"))


def _text(place: str, role: str, content: Any) -> str:
    if isinstance(content, str):
        return content
    if content is None and role in {"assistant", "tool", "function"}:
        return ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "\n".join(str(part.get("text", "")) for part in content)
    raise InvalidCallError(
        f"Invalid value for 'content': expected a string, got {_named(content)}.", param=f"{place}.content"
    )


def _flag(told: Mapping[str, Any], name: str) -> bool:
    value = told.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _wrong_type(name, "a boolean", value)


def _limit(told: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = told.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(name, "an integer", value)
        if value < 1:
            raise InvalidCallError(
                f"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got {value} instead.",
                param=name,
                code="integer_below_min_value",
            )
        return value
    return None


def _json_object(wanted: Any) -> bool:
    if wanted is None or wanted == {"type": "text"}:
        return False
    if isinstance(wanted, dict) and wanted.get("type") == "json_object":
        return True
    raise InvalidCallError(
        "This simulated origin answers in text or as a json_object; other formats are not simulated.",
        param="response_format",
    )


def _wrong_type(name: str, expected: str, value: Any) -> InvalidCallError:
    return InvalidCallError(
        f"Invalid type for '{name}': expected {expected}, but got {_named(value)} instead.",
        param=name,
        code="invalid_type",
    )


def _named(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
