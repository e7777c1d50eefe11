"""The language as a JSON Schema (2020-12), made of the models: for editors, which check while one writes."""

import re
from collections.abc import Callable
from typing import Any, Final

from pocchaos.scenario.language import Scenario

_TEMPLATE: Final = r"\$\{env\."
_MERGED: Final = ("Target", "Request", "Answer", "Markers", "Start", "Upstream", "Simulate")
"""Mappings that merge with a parent's: what they need, the parent may bring."""


def json_schema() -> dict[str, Any]:
    """The schema of a scenario file, of a parent, and of a file that extends one.

    It knows the grammar, not the rules between the parts: `pocchaos check` knows both.
    """
    schema = Scenario.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = {name: _tidied(body) for name, body in schema.pop("$defs").items()}
    root = _tidied(schema)
    definitions["Block"]["properties"]["for_each"] = {
        "anyOf": [definitions["Block"]["properties"]["for_each"], {"type": "string"}],
        "description": "A list of faults, or the path of a YAML file that holds one",
    }
    definitions |= {f"{name}Part": _part(definitions[name]) for name in _MERGED}
    properties: dict[str, Any] = root["properties"]
    properties["extends"] = {"type": "string", "description": "The file whose mappings these are merged with"}
    whole = {"properties": {key: properties[key] for key in ("target", "upstreams")}, "required": root["required"]}
    part = {"properties": {key: _to_parts(properties[key]) for key in ("target", "upstreams")}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pocchaos scenario",
        "description": root["description"],
        "type": "object",
        "properties": {**properties, "target": {}, "upstreams": {}},
        "additionalProperties": False,
        "if": {"required": ["stages"], "not": {"required": ["extends"]}},
        "then": whole,
        "else": part,
        "$defs": definitions,
    }


def _tidied(node: Any) -> Any:
    """Without generated titles and OpenAPI's keywords; with the words that tell members apart obligatory."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {
        key: {name: _tidied(item) for name, item in value.items()} if key == "properties" else _tidied(value)
        for key, value in node.items()
        if key not in ("title", "discriminator", "default") or not _is_schema(node)
    }
    properties = found.get("properties")
    if isinstance(properties, dict):
        for key in ("type", "arrival"):
            if isinstance(properties.get(key), dict) and properties[key].keys() & {"const", "enum"}:
                found["required"] = sorted({*found.get("required", ()), key})
        found["properties"] = {
            key: value
            for key, value in properties.items()
            if not (isinstance(value, dict) and value.get("description") == "Not yet")
        }
    return _or_template(_without_null(found))


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """A key that is there has a value: `key:` alone is refused."""
    members = node.get("anyOf")
    if not isinstance(members, list) or {"type": "null"} not in members:
        return node
    left = [member for member in members if member != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**left[0], **rest} if len(left) == 1 else {**rest, "anyOf": left}


def _is_schema(node: dict[str, Any]) -> bool:
    return bool(node.keys() & {"type", "$ref", "anyOf", "oneOf", "const", "enum", "properties", "description"}) or (
        node.keys() <= {"title", "default"}
    )


def _or_template(node: dict[str, Any]) -> dict[str, Any]:
    """Wherever a quantity may stand, a variable may."""
    if node.get("type") == "string" and "pattern" in node:
        return {**node, "pattern": f"{node['pattern']}|{_TEMPLATE}"}
    if node.get("type") in ("integer", "number"):
        told = ("description", "examples")
        kept: dict[str, Any] = {key: value for key, value in node.items() if key in told}
        inner = {key: value for key, value in node.items() if key not in told}
        return {**kept, "anyOf": [inner, {"type": "string", "pattern": _TEMPLATE}]}
    return node


def _part(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: _to_parts(value) for key, value in definition.items() if key != "required"}


def _to_parts(node: Any) -> Any:
    """The same with references to the mergeable parts."""
    return _mapped(node, lambda name: f"{name}Part" if name in _MERGED else name)


def _mapped(node: Any, rename: Callable[[str], str]) -> Any:
    match node:
        case {"$ref": str(reference)} if found := re.fullmatch(r"#/\$defs/(\w+)", reference):
            return {**node, "$ref": f"#/$defs/{rename(found[1])}"}
        case dict():
            return {key: _mapped(value, rename) for key, value in node.items()}
        case list():
            return [_mapped(item, rename) for item in node]
        case _:
            return node
