"""A scenario of which parts may be broken: so that rules can speak about the rest in the same breath.

A whole `Scenario` is a draft in which nothing is broken. What is broken is None, but its name is known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pocchaos.faults import AnyStandFault, AnyToxic, Down, Fault
from pocchaos.faults.base import BaseFault
from pocchaos.scenario.finding import Where
from pocchaos.scenario.language import (
    BLOCK_KEYS,
    Block,
    Criterion,
    Inputs,
    Load,
    Scenario,
    Stage,
    Target,
    Tenant,
    Upstream,
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One element of a list or mapping: where it stands, and its value unless it is broken."""

    where: Where
    name: str | None  # None: broken beyond its name
    value: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedFault:
    """One fault of one stage; `where` is its entry in the stage, or in the block's `for_each`."""

    where: Where
    fault: Down | AnyToxic | AnyStandFault


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedStage:
    """One stage in the order of the file, with the faults that it can have; None: broken."""

    where: Where
    names: tuple[str, ...]  # more than one where the name holds `${fault.*}`
    stage: Stage | None
    block: int | None = None  # index of its block in `stages`
    repeated: bool = False
    variants: tuple[tuple[PlacedFault, ...], ...] = ((),)  # its faults, once for each fault of `for_each`

    @property
    def faults(self) -> tuple[PlacedFault, ...]:
        """Every fault of every variant."""
        return tuple(fault for variant in self.variants for fault in variant)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The parts of a scenario file that could be read."""

    target: Target | None
    upstreams: tuple[Piece, ...]
    tenants: tuple[Piece, ...]
    inputs: tuple[Piece, ...]
    load: Load | None
    blocks: tuple[tuple[Where, Block], ...]
    stages: tuple[PlacedStage, ...]
    criteria: tuple[Piece, ...]
    fault_ids: frozenset[str]
    categories: frozenset[str]
    excused: frozenset[str] = field(default=frozenset())  # what is refused as "not yet", so that nobody asks for it

    @property
    def stages_whole(self) -> bool:
        """Whether every stage could be read."""
        return all(placed.stage is not None for placed in self.stages)

    @property
    def inputs_whole(self) -> bool:
        """Whether every entry of `inputs` could be read."""
        return all(piece.value is not None for piece in self.inputs)

    @property
    def stage_names(self) -> tuple[str, ...]:
        """In the order of the file, each once."""
        return tuple(dict.fromkeys(name for placed in self.stages for name in placed.names))


def draft_of(scenario: Scenario, excused: frozenset[str] = frozenset()) -> Draft:
    """A scenario in which nothing is broken."""
    entries = [_of_entry(("stages", index), entry, index) for index, entry in enumerate(scenario.stages)]
    return Draft(
        target=scenario.target,
        upstreams=_pieces("upstreams", [(name, name, value) for name, value in scenario.upstreams.items()]),
        tenants=_pieces("tenants", [(index, value.name, value) for index, value in enumerate(scenario.tenants)]),
        inputs=_pieces("inputs", [(index, value.category, value) for index, value in enumerate(scenario.inputs)]),
        load=scenario.load,
        blocks=tuple(
            (("stages", index), entry) for index, entry in enumerate(scenario.stages) if isinstance(entry, Block)
        ),
        stages=tuple(placed for entry in entries for placed in entry),
        criteria=_pieces("criteria", [(index, value.id, value) for index, value in enumerate(scenario.criteria)]),
        fault_ids=frozenset(one.fault.name for entry in entries for placed in entry for one in placed.faults),
        categories=frozenset(value.category for value in scenario.inputs),
        excused=excused,
    )


def partial_draft(data: Mapping[str, Any], excused: frozenset[str]) -> Draft:
    """What can be read of the plain values of a file; whatever does not validate is broken."""
    upstreams, tenants = _mapping(data.get("upstreams")), _list(data.get("tenants", [{"name": "default"}]))
    inputs, criteria = _list(data.get("inputs")), _list(data.get("criteria"))
    entries = _list(data.get("stages"))
    blocks = [(("stages", index), _read(_BLOCK, entry)) for index, entry in enumerate(entries) if _is_block(entry)]
    return Draft(
        target=_read(_TARGET, data.get("target")),
        upstreams=_pieces("upstreams", [(name, name, _read(_UPSTREAM, raw)) for name, raw in upstreams.items()]),
        tenants=_pieces("tenants", [(k, _text(raw, "name"), _read(_TENANT, raw)) for k, raw in enumerate(tenants)]),
        inputs=_pieces("inputs", [(k, _text(raw, "category"), _read(_INPUTS, raw)) for k, raw in enumerate(inputs)]),
        load=_read(_LOAD, data.get("load")),
        blocks=tuple((where, block) for where, block in blocks if block is not None),
        stages=tuple(
            placed for index, raw in enumerate(entries) for placed in _of_raw_entry(("stages", index), raw, index)
        ),
        criteria=_pieces("criteria", [(k, _text(raw, "id"), _read(_CRITERION, raw)) for k, raw in enumerate(criteria)]),
        fault_ids=frozenset(_fault_ids(entries)),
        categories=frozenset(name for raw in inputs if (name := _text(raw, "category")) is not None),
        excused=excused,
    )


def expanded(name: str, fault: BaseFault) -> str:
    """A stage's name with the block's current fault in it."""
    for word, value in {
        "${fault}": fault.name,
        "${fault.id}": fault.name,
        "${fault.type}": fault.kind,
        "${fault.upstream}": fault.upstream,
    }.items():
        name = name.replace(word, value)
    return name


_TARGET: TypeAdapter[Target] = TypeAdapter(Target)
_UPSTREAM: TypeAdapter[Upstream] = TypeAdapter(Upstream)
_TENANT: TypeAdapter[Tenant] = TypeAdapter(Tenant)
_INPUTS: TypeAdapter[Inputs] = TypeAdapter(Inputs)
_LOAD: TypeAdapter[Load] = TypeAdapter(Load)
_STAGE: TypeAdapter[Stage] = TypeAdapter(Stage)
_BLOCK: TypeAdapter[Block] = TypeAdapter(Block)
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)
_CRITERION: TypeAdapter[Criterion] = TypeAdapter(Criterion)


def _read(adapter: TypeAdapter[T], raw: Any) -> T | None:
    try:
        return adapter.validate_python(raw, by_alias=True, by_name=False)
    except ValidationError:
        return None


def _pieces(section: str, values: Sequence[tuple[str | int, str | None, Any]]) -> tuple[Piece, ...]:
    return tuple(Piece(where=(section, key), name=name, value=value) for key, name, value in values)


def _of_entry(where: Where, entry: Stage | Block, index: int) -> list[PlacedStage]:
    if isinstance(entry, Stage):
        return [_placed(where, entry, (), block=None, repeated=False)]
    currents = tuple(
        PlacedFault(where=(*where, "for_each", number), fault=fault)
        for number, fault in enumerate(entry.for_each or ())
    )
    return [
        _placed((*where, "stages", number), stage, currents, block=index, repeated=entry.repeat > 1 or bool(currents))
        for number, stage in enumerate(entry.stages)
    ]


def _placed(
    where: Where, stage: Stage, currents: tuple[PlacedFault, ...], *, block: int | None, repeated: bool
) -> PlacedStage:
    variants: list[tuple[PlacedFault, ...]] = []
    for current in currents or (None,):
        faults: list[PlacedFault] = []
        for number, fault in enumerate(stage.faults):
            if not isinstance(fault, str):
                faults.append(PlacedFault(where=(*where, "faults", number), fault=fault))
            elif current is not None:
                faults.append(current)
        variants.append(tuple(faults))
    names = tuple(dict.fromkeys(expanded(stage.name, one.fault) for one in currents)) or (stage.name,)
    return PlacedStage(where=where, names=names, stage=stage, block=block, repeated=repeated, variants=tuple(variants))


def _of_raw_entry(where: Where, raw: Any, index: int) -> list[PlacedStage]:
    entry = _read(_BLOCK, raw) if _is_block(raw) else _read(_STAGE, raw)
    if entry is not None:
        return _of_entry(where, entry, index)
    if not _is_block(raw):
        return [_broken(where, raw, block=None)]
    currents = [_read(_FAULT, fault) for fault in _list(raw.get("for_each"))]
    return [
        _broken((*where, "stages", number), stage, block=index, currents=currents)
        for number, stage in enumerate(_list(raw.get("stages")))
    ]


def _broken(where: Where, raw: Any, *, block: int | None, currents: Sequence[BaseFault | None] = ()) -> PlacedStage:
    name = _text(raw, "name")
    names = dict.fromkeys(expanded(name, fault) for fault in currents if fault is not None) if name else {}
    return PlacedStage(where=where, names=tuple(names) or ((name,) if name else ()), stage=None, block=block)


def _fault_ids(entries: Sequence[Any]) -> Iterator[str]:
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue
        yield from _fault_ids(_list(entry.get("stages")))
        for fault in [*_list(entry.get("faults")), *_list(entry.get("for_each"))]:
            if isinstance(fault, Mapping):
                yield str(fault.get("id") or f"{fault.get('upstream')}.{fault.get('type')}")


def _is_block(raw: Any) -> bool:
    return isinstance(raw, Mapping) and bool(BLOCK_KEYS & raw.keys())


def _mapping(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _list(raw: Any) -> Sequence[Any]:
    return raw if isinstance(raw, list | tuple) else ()


def _text(raw: Any, key: str) -> str | None:
    value = raw.get(key) if isinstance(raw, Mapping) else None
    return value if isinstance(value, str) else None
