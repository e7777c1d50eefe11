"""Where `${env.*}` may stand in a scenario, which of these places hold secrets, and which are rendered later."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pocchaos.exchange.template import (
    UNSET,
    Found,
    Name,
    TemplateSyntaxError,
    escaped,
    literal,
    show_place,
    split,
    substitute,
)
from pocchaos.scenario.finding import Finding, Where, listed
from pocchaos.scenario.not_yet import canonical

SHORTEST: Final = 8  # characters: a shorter secret could not be redacted without cutting innocent words

_RENDERED: Final = (
    "target.url",
    "target.version",
    "target.request",
    "target.start.command",
    "target.start.stop",
    "target.start.env",
    "inputs[].assert[].value",
)
_SECRET_WORDS: Final = frozenset(
    {"apikey", "auth", "authorization", "cookie", "credential", "credentials", "headers", "key"}
    | {"passphrase", "passwd", "password", "pwd", "secret", "secrets", "signature", "token"}
)
_WORD: Final = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")
_USER_INFO: Final = re.compile(r"://[^/\s@]*\$\{env\.([\w.-]+)[^}]*\}[^/\s]*@")


@dataclass(kw_only=True, slots=True)
class Environment:
    """Puts variables in for `${env.*}`, and remembers which were used where."""

    given: Mapping[str, str]
    strict: bool = True  # False: a recorded run is read again, with stand-ins for its secrets
    secrets: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    hidden: dict[str, Where] = field(default_factory=dict)  # the first secret position of each variable
    shown: dict[str, Where] = field(default_factory=dict)  # the first position of each that reports and names show

    def put_in(self, text: str, where: Where) -> Any:
        """The text with its variables; UNSET where `${env.X?}` drops the key."""
        if "${" not in text:
            return text
        later = _is_rendered(where)
        try:
            if later:
                return substitute(text, lambda found: self._later(found, where))
            return self._now(text, where)
        except TemplateSyntaxError as error:
            self.findings.append(Finding(where=where, message=str(error)))
            return text

    def _later(self, found: Found, where: Where) -> Any:
        if found.name.parts[0] != "env":
            return found
        value = self._value(found.name, where, found.text)
        return escaped(value) if isinstance(value, str) else value

    def _now(self, text: str, where: Where) -> Any:
        parts = split(text, where)
        if not any(isinstance(part, Name) for part in parts):
            return literal(text)
        said: list[str] = []
        for part in parts:
            if isinstance(part, str):
                said.append(part)
            elif part.parts[0] == "env":
                value = self._value(part, where, text)
                if value is UNSET and len(parts) == 1:
                    return UNSET
                said.append("" if value is UNSET else str(value))
            elif part.parts[0] == "fault" and _may_name_the_fault(where):
                said.append(f"${{{part.name}}}")
            else:
                told = f"${{{part.name}}} cannot stand here, where only ${{env.*}} is known: write the value itself"
                self.findings.append(Finding(where=where, message=told))
                return text
        return "".join(said)

    def _value(self, name: Name, where: Where, text: str) -> Any:
        variable = ".".join(name.parts[1:])
        value = self.given.get(variable) if variable else None
        if not value and name.default is not None:
            return name.default
        if value is None and name.optional:
            return UNSET
        if value is None:
            self.findings.append(Finding(where=where, message=_unset(variable, self.given)))
            return f"«env:{variable}»"
        if not _is_secret(where, variable, text):
            if _is_shown(where):
                self.shown.setdefault(variable, where)
            self.plain[variable] = value
            return value
        self.hidden.setdefault(variable, where)
        if self.strict and len(value) < SHORTEST:
            told = (
                f"${{env.{variable}}} has {len(value)} characters: a secret is cut out of everything that is kept, so "
                f"it needs at least {SHORTEST}; export a longer {variable}"
            )
            self.findings.append(Finding(where=where, message=told))
        self.secrets[variable] = value
        return value

    def shown_secrets(self) -> Iterator[Finding]:
        """A variable is a secret or part of a name: it cannot be cut out of reports and stand in them as well."""
        for variable, where in self.shown.items():
            if self.strict and variable in self.hidden:
                told = (
                    f"${{env.{variable}}} is a secret, since {show_place(self.hidden[variable])} reads it too, and "
                    "what stands here is shown in reports: read another variable here, or write the text itself"
                )
                yield Finding(where=where, message=told)

    @property
    def public(self) -> dict[str, str]:
        """The variables that stand in no secret position at all."""
        return {name: value for name, value in self.plain.items() if name not in self.secrets}


def _unset(variable: str, given: Mapping[str, str]) -> str:
    if not variable:
        return "${env} is a namespace: name a variable, such as ${env.ACME_TOKEN}"
    near = listed(sorted(name for name in given if name.lower() == variable.lower()), 1)
    hint = f" There is {near}." if near else ""
    return f"${{env.{variable}}} is not set: `export {variable}=…`, or pass `--set env.{variable}=…`.{hint}"


def _is_rendered(where: Where) -> bool:
    name = canonical(where)
    return any(name == one or name.startswith((f"{one}.", f"{one}[")) for one in _RENDERED)


def _is_secret(where: Where, variable: str, text: str) -> bool:
    """By the key that it stands under (token, password, any header, …), or as the password of an address."""
    if any(found[1] == variable for found in _USER_INFO.finditer(text)):
        return True
    words = (word.lower() for part in where if isinstance(part, str) for word in _WORD.split(part))
    return any(word in _SECRET_WORDS for word in words)


def _is_shown(where: Where) -> bool:
    """All that is put in while the file is read is shown by some report, but for what is only ever sent."""
    name = canonical(where)
    sent = ("tenants[].vars", "tenants[].canaries")
    return name in ("target.url", "target.version") or not (_is_rendered(where) or name.startswith(sent))


def _may_name_the_fault(where: Where) -> bool:
    return where[0] == "stages" and (where[-1] == "name" or where[-2:-1] == ("faults",))
