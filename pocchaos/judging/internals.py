"""Does a body show the target's insides: a stack trace, a source file with its line, an SQL error, its environment?

A trace is known by its structure, not by its words: an answer that explains what a traceback is has none.
Every pattern has a cheap word that must be there first, so that a million clean bodies cost little.
"""

import html
import json
import re
from typing import Any, Final

_SOURCE = r"(?:py|pyx|rb|js|mjs|cjs|ts|tsx|jsx|java|kt|scala|go|rs|cs|fs|vb|php|ex|exs|c|cc|cpp|h|hpp|swift)"
_UNIX = rf"(?:/[\w.@+~-]{{1,100}}){{1,20}}/[\w.@+~-]{{1,100}}\.{_SOURCE}"  # bounded: a hostile body costs no time
_WINDOWS = rf"\b[A-Za-z]:(?:[\\/][\w.@+~ -]{{1,100}}){{0,20}}[\\/][\w.@+~ -]{{1,100}}\.{_SOURCE}"
_PATH = rf"(?:{_UNIX}|{_WINDOWS})"
_DOTTED = r"(?:[\w`<>\[\]+|]{1,200}\.){1,30}[\w`<>\[\]+|]{1,200}"

_PATTERNS: Final[tuple[tuple[str, str, str], ...]] = (
    # (what it is, a word that must occur, the pattern)
    ("Python frame", 'File "', r'^[ \t|]*File "[^"\n]+", line \d+(?:, in \S+)?[ \t]*$'),
    ("Java frame", "at ", r"\bat [\w$.<>/-]{3,300}\((?:[\w$]{1,200}\.(?:java|kt|scala|groovy):\d+|Native Method)\)"),
    ("Node frame", ":", rf"^[ \t]*at (?:[^\n()]{{1,200}} \()?(?:file://[^\n()]*|{_PATH}):\d+:\d+\)?[ \t]*$"),
    ("Node frame", "node:internal", r"\bat [^\n]{0,200}\(?node:internal/[\w/.-]+:\d+:\d+\)?"),
    ("Go goroutine", "goroutine ", r"^goroutine \d+ \[[\w ,()-]+\]:[ \t]*$"),
    ("Go frame", ".go:", r"^[ \t]+[^\s:]{1,300}\.go:\d+ \+0x[0-9a-f]+"),
    ("Ruby frame", ".rb:", r"[^\s:]{1,300}\.rb:\d+:in [`'\"]"),
    (".NET frame", ":line ", rf"^[ \t]*at {_DOTTED}\([^\n]*\) in [^\n]+:line \d+"),
    (".NET frames", " at ", rf"^[ \t]+at {_DOTTED}\([^\n()]*\)[ \t\r]*\n[ \t]+at {_DOTTED}\([^\n()]*\)"),
    ("PHP frame", ".php", r"(?:^#\d+ \S{1,300}\.php\(\d+\): |\bin \S{1,300}\.php(?: on line |:)\d+)"),
    ("Rust panic", "panicked at", r"thread '[^'\n]{0,100}' (?:\(\d+\) )?panicked at [^\n]*\.rs:\d+:\d+"),
    ("source line", "line ", rf"{_PATH}[\"']?,? (?:at |on )?line \d+"),
    ("source line", ":", rf"{_PATH}:\d+"),
    ("SQL error", "SQLSTATE", r"SQLSTATE\[?[0-9A-Z]{5}\]?[ \t]*(?:\[\d+\])?:"),
    ("SQL error", "ORA-", r"\bORA-\d{5}: \S"),
    ("SQL error", "SQL syntax", r"error in your SQL syntax; check the manual that corresponds to your \w+ server"),
    (
        "SQL error",
        "syntax error at or near",
        r"syntax error at or near \"[^\"\n]*\"\s?(?:\s?LINE \d+:|at character \d+)",
    ),
    (
        "SQL error",
        "ERROR:",
        r"ERROR:[ \t]+(?:relation|column|function|type|role|database|schema) \"?[^\n]+ does not exist",
    ),
    ("SQL error", "LINE ", r"^LINE \d+: .*\n[ \t]*\^"),
    ("SQL error", "[SQL: ", r"\[SQL: (?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP)\b"),
    ("SQL error", "psycopg", r"\bpsycopg2?\.(?:errors\.)?[A-Z]\w+(?:\)|: )"),
    ("SQL error", "sqlite3.", r"\bsqlite3\.(?:Operational|Integrity|Programming|Database|Interface)Error\b[)]?:? \S"),
    ("SQL error", "sqlalchemy.exc.", r"\bsqlalchemy\.exc\.[A-Z]\w+: "),
    ("SQL error", "Unclosed quotation", r"Unclosed quotation mark after the character string '"),
    ("SQL error", "SqlException", r"\b(?:Microsoft|System)\.Data\.SqlClient\.SqlException\b[^\n]*:"),
    ("SQL error", "java.sql.", r"\bjava\.sql\.SQL\w*Exception: "),
)
_COMPILED: Final = tuple((name, word, re.compile(pattern, re.MULTILINE)) for name, word, pattern in _PATTERNS)

_VARIABLE: Final = re.compile(r"^(?:export |declare -x )?([A-Z_][A-Z0-9_]*)=.*$", re.MULTILINE)
_USUAL: Final = frozenset({"PATH", "HOME", "PWD", "OLDPWD", "USER", "SHELL", "HOSTNAME", "LANG", "SHLVL", "TERM"})


def internals(body: str, value: Any = None) -> str | None:
    """What of the target's insides this body shows, in two words; None if nothing. `value` is its JSON, if known.

    JSON is looked at string by string and HTML without its entities, so that escaped line ends are line ends.
    """
    if not body:
        return None
    if value is None:
        value = _json(body)
    if "PATH" in body and _environment_object(value):
        return "environment"
    return _in_text(body if value is None else "\n".join(_strings(value)))


def _in_text(text: str) -> str | None:
    if "&" in text and "<" in text:
        text = html.unescape(text)
    for name, word, pattern in _COMPILED:
        if word in text and pattern.search(text):
            return name
    if "PATH=" in text and _environment_lines(text):
        return "environment"
    return None


def _environment_lines(text: str) -> bool:
    names = _VARIABLE.findall(text)
    return len(names) >= 3 and len(_USUAL.intersection(names)) >= 2


def _environment_object(value: Any) -> bool:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            usual = _USUAL.intersection(part)
            if "PATH" in usual and len(usual) >= 2:
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False


def _json(body: str) -> Any:
    if body.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _strings(value: Any) -> list[str]:
    """Every key and text of a JSON value, in order."""
    found: list[str] = []
    waiting = [value]
    while waiting:  # no recursion: a hostile body may be nested as deep as the JSON parser goes
        part = waiting.pop()
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, dict):
            for key, inner in reversed(part.items()):
                waiting += (inner, key)
        elif isinstance(part, list):
            waiting += reversed(part)
    return found
