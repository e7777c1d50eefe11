"""What pydantic found, in the words of a person who writes a scenario file.

The place is a path in the file (without pydantic's own steps), the known keys and words are read off the models.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from pocchaos.faults import Toxic
from pocchaos.scenario.finding import Finding, Where, did_you_mean, listed, nearest, shown
from pocchaos.scenario.grammar import fields_of, keys_at, model_at, tag_positions, tags_at
from pocchaos.scenario.language import BLOCK_KEYS, Scenario
from pocchaos.scenario.not_yet import canonical, not_yet


def findings(error: ValidationError, data: Any, *, root: Any = Scenario, written: Any = None) -> Iterator[Finding]:
    """Every error with its place in `data`; `written` is the same before anything was put in for `${env.*}`."""
    said = data if written is None else written
    errors = [(one, tuple(one["loc"]), _placed(one, data, root)) for one in error.errors(include_url=False)]
    inner = {where[:-1] for one, _, where in errors if _is_inner_block(one["type"], where)}
    for place in sorted(inner, key=str):
        yield Finding(where=place, message="a block cannot stand inside a block: write its stages out here")
    stray = [(loc, where) for one, loc, where in errors if one["type"] == "extra_forbidden"]
    meant = {_meant(where, loc, root) for loc, where in stray}
    meant |= {(*where[:-1], "attributes") for loc, where in stray if _attributes(str(loc[-1]), root, loc)}
    for one, loc, where in errors:
        kind = one["type"]
        if kind == "too_short" and _value(said, where) not in ([], (), {}):
            continue  # pydantic counts the elements that were valid
        if (kind == "missing" and where in meant) or any(where[: len(place)] == place for place in inner):
            continue
        yield _worded(kind, where, loc, one, _value(said, where), root)


def _placed(one: Mapping[str, Any], data: Any, root: Any) -> Where:
    loc = tuple(one["loc"])
    steps = tag_positions(root, loc)
    return _where(loc[:-1], data, steps) + loc[-1:] if one["type"] == "missing" else _where(loc, data, steps)


def _is_inner_block(kind: str, where: Where) -> bool:
    return (
        kind == "extra_forbidden" and where[-1] in BLOCK_KEYS and where.count("stages") + (where[-1] != "stages") >= 3
    )


def _meant(where: Where, loc: Sequence[Any], root: Any) -> Where:
    """The key that a misspelt one was meant to be: it is not missing as well."""
    return (*where[:-1], nearest(where[-1], keys_at(root, loc[:-1])) or "")


def _worded(kind: str, where: Where, loc: Sequence[Any], one: Mapping[str, Any], value: Any, root: Any) -> Finding:
    context = one.get("ctx", {})
    match kind:
        case "missing":
            return Finding(where=where, message=_missing(str(loc[-1]), root, loc))
        case "extra_forbidden":
            told = _misplaced(str(loc[-1]), value, root, loc) or _unknown_key(str(loc[-1]), keys_at(root, loc[:-1]))
            return Finding(where=where, message=told, unknown_key=True)
        case "union_tag_invalid" | "union_tag_not_found":
            key = str(context["discriminator"]).strip("'")
            words = re.findall(r"'([^']+)'", str(context.get("expected_tags", ""))) or tags_at(root, loc)
            if kind == "union_tag_not_found":
                return Finding(where=(*where, key), message=f"is missing: add `{key}:` and one of {listed(words, 20)}")
            return Finding(where=(*where, key), message=_not_one_of(_value(value, (key,)), words))
        case "literal_error" | "enum":
            choices = re.findall(r"'([^']+)'", str(context["expected"])) or [str(context["expected"])]
            return Finding(where=where, message=_either(where, value) or _not_one_of(value, choices))
        case "value_error" if (
            isinstance(value, Mapping) and value.keys() <= {"from", "to"} and {"faults", "for_each"} & set(where)
        ):
            return Finding(where=where, message=_ramp(root, loc))
        case "value_error" | "assertion_error":
            return Finding(where=where, message=_of_the_type(str(context["error"]), value))
        case _:
            words_for = _TYPES.get(kind)
            told = words_for(value, context) if words_for else f"{shown(value)} does not fit here"
            return Finding(where=where, message=_either(where, value) or told + _example(kind, root, loc))


_EITHER: Final[Mapping[str, str]] = {
    "version": "1, the version of the language that is read here",
    "target.correlate": "none, or {header: x-request-id}",
    "inputs[].generate": "malformed, or {malformed: {kinds: [syntax], count: 50}}",
    "upstreams.*.origin": "http://host:port, tcp://host:port or {simulate: openai}",
}
"""What may stand where a text or a mapping is taken."""


def _either(where: Where, value: Any) -> str:
    name = "canaries" if where[2:3] == ("canaries",) and len(where) == 4 else canonical(where)
    choices = {**_EITHER, "canaries": "auto, or a list of texts"}.get(name)
    return f"{shown(value)} cannot stand here: write {choices}" if choices else ""


def _example(kind: str, root: Any, loc: Sequence[Any]) -> str:
    if kind != "string_type":
        return ""
    model = model_at(root, loc[:-1])
    info = fields_of(model).get(str(loc[-1])) if model is not None else None
    texts = [example for example in (info.examples or () if info is not None else ()) if isinstance(example, str)]
    return f" (an example: {texts[0]})" if texts else ""


def _of_the_type(text: str, value: Any) -> str:
    """What a type of ours says; a list or mapping is named, not printed whole."""
    _, is_not, rest = text.partition(" is not ")
    if is_not and isinstance(value, Mapping | list | tuple):
        return f"{_named(value)} is not {rest}"
    return text.replace("'", '"')


def _bound(words: str, key: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda value, context: f"{shown(value)} cannot be used: it must be {words} {context[key]:g}"


def _expected(words: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda value, _: f"{_named(value)} stands where {words}"


def _text_expected(value: Any, _: Mapping[str, Any]) -> str:
    if isinstance(value, bool | int | float):
        return f'{shown(value)} is not text: put it in quotes, "{shown(value)}"'
    return f"{_named(value)} stands where a text is expected"


_LIST: Final = _expected("a list is expected: begin each element with `- `, or write [ ]")
_MAPPING: Final = _expected("a mapping is expected: write `key: value`")

_TYPES: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], str]]] = {
    "string_type": _text_expected,
    "int_type": _expected("a whole number is expected"),
    "int_parsing": _expected("a whole number is expected"),
    "int_from_float": _expected("a whole number is expected"),
    "int_parsing_size": _expected("a smaller whole number is expected"),
    "float_type": _expected("a number is expected"),
    "float_parsing": _expected("a number is expected"),
    "finite_number": _expected("a finite number is expected"),
    "bool_type": _expected("true or false is expected, without quotes"),
    "bool_parsing": _expected("true or false is expected, without quotes"),
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "none_required": lambda value, _: f"{shown(value)} has no use here: delete the key",
    "too_short": lambda value, _: f"{shown(value)} is empty: write at least one element, or leave the key out",
    "string_too_short": lambda value, _: f"{shown(value)} is empty: write a text",
    "string_too_long": lambda value, context: (
        f"{shown(value, 30)} is longer than {context['max_length']} characters: shorten it"
    ),
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
}


def _named(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case Mapping():
            return f"the mapping {shown(value, 40)}"
        case list() | tuple():
            return f"the list {shown(value, 40)}"
        case _:
            return shown(value)


def _missing(key: str, root: Any, loc: Sequence[Any]) -> str:
    model = model_at(root, loc[:-1])
    if model is None:
        return f"is missing: add `{key}: …`"
    info = fields_of(model).get(key)
    examples = (info.examples or [None])[0] if info is not None else None
    example = examples if isinstance(examples, str) else "…" if examples is None else shown(examples)
    return f"is missing: add it, such as `{key}: {example}`" if examples is not None else f"is missing: add `{key}: …`"


def _ramp(root: Any, loc: Sequence[Any]) -> str:
    fault = model_at(root, loc[: loc.index("attributes")]) if "attributes" in loc else None
    if fault is not None and issubclass(fault, Toxic):
        return (
            "a ramp {from, to} is for the stand's own types: a toxic is constant, since every change of it lets go "
            "what it holds. Write one duration, such as 800ms"
        )
    return not_yet("a ramp {from, to}", "write one duration, such as 800ms")


def _attributes(key: str, root: Any, loc: Sequence[Any]) -> bool:
    """Whether an unknown key of a fault is one of its attributes."""
    return key in keys_at(root, (*loc[:-1], "attributes"))


_SHARES: Final[Mapping[str, str]] = {"error_rate": "toxicity", "toxicity": "error_rate"}
"""Of requests at the stand, of connections in Toxiproxy: a fault has one of the two."""


def _misplaced(key: str, value: Any, root: Any, loc: Sequence[Any]) -> str:
    """What a key of a fault was meant to be, where it is right in another place or on another fault."""
    if _attributes(key, root, loc):
        text = value if isinstance(value, str) and len(value) <= 40 else shown(value, 40)
        return f'"{key}" is one of the attributes: write it inside them, attributes: {{{key}: {text}}}'
    other = _SHARES.get(key)
    if other is None or other not in keys_at(root, loc[:-1]):
        return ""
    whose = (
        "a share of requests, which the stand's faults take"
        if key == "error_rate"
        else ("a share of connections, which Toxiproxy's toxics take")
    )
    mine = "connections" if other == "toxicity" else "requests"
    return f'"{key}" is {whose}: here write {other}, a share of {mine}'


def _unknown_key(key: str, known: Sequence[str]) -> str:
    there = f" ({listed(known, 20)})" if known else ""
    return f"{shown(key)} is not one of the keys here{there}.{did_you_mean(key, known)}"


def _not_one_of(value: Any, words: Sequence[str]) -> str:
    if len(words) == 1:
        return f"{shown(value)} cannot stand here: write {words[0]}.{did_you_mean(value, words)}"
    return f"{shown(value)} is not one of {listed(words, 20)}.{did_you_mean(value, words)}"


def _where(loc: Sequence[Any], data: Any, tags: frozenset[int]) -> Where:
    """The steps of a location that are steps in the file; the others are pydantic's names of union members."""
    where: list[str | int] = []
    here = data
    for position, part in enumerate(loc):
        if position in tags:
            continue
        if (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list | tuple) and isinstance(part, int) and part < len(here)
        ):
            here = here[part]
        else:
            continue
        where.append(part)
    return tuple(where)


def _value(data: Any, where: Where) -> Any:
    here = data
    for part in where:
        if isinstance(here, Mapping):
            here = here.get(part)
        elif isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return None
    return here
