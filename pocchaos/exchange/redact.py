"""Secrets leave no trace on disk: each value is replaced by `«secret:NAME»`, also in its usual encodings."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus


class Redaction:
    """Replaces the values of named secrets wherever they occur: plain, in JSON, in a URL or in base64."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names: dict[str, str] = {}
        for name, value in secrets.items():
            for form in _forms(value):
                self._names.setdefault(form, name)
        longest_first = sorted(self._names, key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text without the secrets; the same object where it holds none."""
        for form in self._names:  # a plain loop: this runs for every new answer
            if form in text:
                break
        else:
            return text
        assert self._any is not None
        return self._any.sub(lambda found: f"«secret:{self._names[found[0]]}»", text)


def _forms(value: str) -> Iterator[str]:
    if not value:
        return
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
    yield quote(value)  # a path keeps its slashes
    yield quote_plus(value)
    data = value.encode()
    if len(data) < 6:  # too short for a base64 form that is nobody else's
        return
    for shift in range(3):  # where it begins within a group of three bytes decides how it looks
        first, last = (shift * 8 + 5) // 6, (shift + len(data)) * 8 // 6
        yield b64encode(b"\0" * shift + data).decode()[first:last]
        yield urlsafe_b64encode(b"\0" * shift + data).decode()[first:last]
