"""What is no YAML, in the words of a person: the line, what stands there, and what the likely mistake is."""

from io import StringIO
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

from pocchaos.model.errors import Problem

_REMEDIES: Final = (  # what the parser says, what to do
    ("found character '\\t'", "a tab: indent with spaces"),
    ("mapping values are not allowed here", 'a ": " too many, or lines indented unlike their neighbours'),
    ("found undefined alias", "an alias (*name) without its anchor (&name)"),
    ("but found another document", "a second document (`---`): keep one document a file"),
    ("while scanning a quoted scalar", "a quote that is never closed"),
    ("while parsing a flow sequence", "a `[` that is never closed, or a comma missing"),
    ("while parsing a flow mapping", "a `{` that is never closed, or a comma missing"),
    ("could not find expected ':'", "a line without `key: value`"),
    ("while parsing a block", "lines that are indented unlike their neighbours"),
    ("that cannot start any token", "a character that needs quotes around its value"),
)


def syntax_problem(error: MarkedYAMLError, text: str, shown: str) -> Problem:
    """The parser's complaint with its line, the text there and the likely reason."""
    mark = error.problem_mark or error.context_mark
    number = int(mark.line) if mark is not None else 0
    lines = text.splitlines()
    line = lines[number].strip() if number < len(lines) else ""
    said = f"{error.context or ''} {error.problem or ''}"
    if error.context and "quoted scalar" in error.context and error.context_mark is not None:
        number = int(error.context_mark.line)
        line = lines[number].strip() if number < len(lines) else ""
    why = next((remedy for words, remedy in _REMEDIES if words in said), str(error.problem or "it cannot be read"))
    if "${" in line and "flow" in said:
        why = 'a template inside { } or [ ] needs quotes: "${…}"'
    excerpt = f" near `{line[:60]}`" if line else ""
    return Problem(file=shown, line=number + 1, path="", message=f"this is not YAML{excerpt}: {why}")


def too_deep(text: str, deepest: int) -> int:
    """The line on which nesting goes too deep; 0 where the text cannot be followed so far."""
    depth = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(StringIO(text)):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > deepest:
                return int(event.start_mark.line) + 1
    except YAMLError:
        pass
    return 0
