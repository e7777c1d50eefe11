"""Numbers in quotes: text that would pass for a number, since variables bring theirs as text."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from pocchaos.scenario.finding import Finding, Where, shown
from pocchaos.scenario.grammar import fields_of


def quoted_numbers(written: Any, read: Any, where: Where = ()) -> Iterator[Finding]:
    """Every quoted number of a file where a number is meant; `read` is what the models made of `written`."""
    match written:
        case str() if isinstance(read, int | float) and _is_number(written):
            said = f"{shown(written)} is text, and a number is expected: write it without quotes, {written.strip()}"
            yield Finding(where=where, message=said)
        case Mapping():
            for key, item in written.items():
                yield from quoted_numbers(item, _under(read, key), (*where, key))
        case list():
            for index, item in enumerate(written):
                inner = read[index] if isinstance(read, tuple | list) and index < len(read) else None
                yield from quoted_numbers(item, inner, (*where, index))
        case _:
            return


def _under(read: Any, key: str) -> Any:
    if isinstance(read, tuple) and len(read) == 1:
        read = read[0]  # one thing may stand for a list of it
    if isinstance(read, BaseModel):
        names = {info.alias or name: name for name, info in type(read).model_fields.items()}
        return getattr(read, names[key], None) if key in fields_of(type(read)) else None
    return read.get(key) if isinstance(read, Mapping) else None


def _is_number(text: str) -> bool:
    """Quantities are text with a unit: what is a number without one was meant to be a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
