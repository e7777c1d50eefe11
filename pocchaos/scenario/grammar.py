"""The grammar as the models state it: which keys and words are known at a location of pydantic's."""

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo


def keys_at(root: Any, loc: Sequence[Any]) -> tuple[str, ...]:
    """The keys of the mapping at a location of pydantic's; empty where it is no mapping of the language."""
    model = model_at(root, loc)
    return tuple(fields_of(model)) if model is not None else ()


def tags_at(root: Any, loc: Sequence[Any]) -> tuple[str, ...]:
    """The words that tell the members of the union at a location apart."""
    members = _members(_annotation_at(root, loc))
    return tuple(tag for member in members for tag in _tags(member))


def tag_positions(root: Any, loc: Sequence[Any]) -> frozenset[int]:
    """Which parts of a location name the member of a union: pydantic's own steps, not the file's."""
    found: set[int] = set()
    for position, part in enumerate(loc):
        if len(_members(root)) > 1 and get_origin(_plain(root)) in (Union, UnionType):
            found.add(position)
        root = _step(root, part)
        if root is None:
            break
    return frozenset(found)


def model_at(root: Any, loc: Sequence[Any]) -> type[BaseModel] | None:
    """The model of the language at a location of pydantic's."""
    found = _plain(_annotation_at(root, loc))
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def fields_of(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """The fields by the key that the file uses."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _annotation_at(annotation: Any, loc: Sequence[Any]) -> Any:
    for part in loc:
        annotation = _step(annotation, part)
        if annotation is None:
            return None
    return annotation


def _step(annotation: Any, part: Any) -> Any:
    plain = _plain(annotation)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        info = fields_of(plain).get(part)
        return None if info is None else info.annotation
    if get_origin(plain) in (Union, UnionType):
        return next((member for member in _members(plain) if part in _tags(member)), None)
    arguments = get_args(plain)
    if not arguments:
        return None
    return arguments[0] if isinstance(part, int) else arguments[-1]


def _plain(annotation: Any) -> Any:
    """Without `Annotated[…]` and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        members = _members(annotation)
        if len(members) != 1:
            return annotation
        annotation = members[0]


def _members(annotation: Any) -> tuple[Any, ...]:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return ()
    return tuple(member for member in get_args(annotation) if member is not NoneType)


def _tags(member: Any) -> tuple[str, ...]:
    if get_origin(member) is Annotated:
        tags = tuple(one.tag for one in get_args(member)[1:] if isinstance(one, Tag))
        return tags or _tags(get_args(member)[0])
    if isinstance(member, type) and issubclass(member, BaseModel):
        for key in ("type", "arrival"):
            info = member.model_fields.get(key)
            if info is not None and get_origin(info.annotation) is Literal:
                return tuple(str(word) for word in get_args(info.annotation))
    return ()
