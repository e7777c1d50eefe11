"""`generate: malformed`: rows that borrow the fields of good inputs: a good request is rendered, then spoiled.

The rows depend on the scenario and its good inputs, not on the seed: ten seeds ask the same questions.
"""

from collections.abc import Mapping, Sequence
from itertools import count as numbers
from typing import Any, Final

from pocchaos.inputs import BY_DEFAULT, Kind, Syntax, applies, named
from pocchaos.scenario.language import Inputs
from pocchaos.scenario.plan import InputRow, Mutation
from pocchaos.scenario.seeds import generator, shuffled

COUNT: Final = 200  # rows where the scenario does not say: above the 73 different inputs that "≥ 95 %" needs


def malformed_rows(entry: Inputs, number: int, template: Any, good: Sequence[InputRow]) -> tuple[InputRow, ...]:
    """The rows of entry `number`, dealt over kinds and good rows; raises ValueError with the remedy.

    `template` is the request's JSON body with its templates, `good` the rows of the scenario's files.
    """
    names, count = _asked(entry.generate)
    kinds = _that_apply(named(names), template)
    base = _to_spoil(entry, good)
    random = generator(0, "malformed", number)
    rows: list[InputRow] = []
    order, cards = shuffled(len(kinds), random), shuffled(len(base), random)
    for turn in numbers():
        if len(rows) == count or (turn >= len(kinds) and all(_once(kind) for kind in kinds)):
            return tuple(rows)
        kind = kinds[order[turn % len(kinds)]]
        if _once(kind) and turn >= len(kinds):
            continue
        rows.append(_row(entry, kind, len(rows) + 1, base[cards[turn % len(base)]], random.getrandbits(32)))
    raise AssertionError


def _row(entry: Inputs, kind: Kind, place: int, good: InputRow, draw: int) -> InputRow:
    return InputRow(
        id=f"{kind.name}-{place}",
        category=entry.category,
        expect=entry.expected,
        fields=good.fields,
        asserts=entry.asserts,
        provenance="generated",
        tenant=entry.tenant,
        mutation=Mutation(kind=kind.name, draw=draw),
    )


def _once(kind: Kind) -> bool:
    return isinstance(kind, Syntax) and kind.once


def _asked(generate: Any) -> tuple[Sequence[str], int]:
    """Kinds and count, as the scenario asks for them."""
    if not isinstance(generate, Mapping):
        return BY_DEFAULT, COUNT
    options = generate.get("malformed")
    options = {} if options is None else options
    if set(generate) != {"malformed"} or not isinstance(options, Mapping) or not set(options) <= {"kinds", "count"}:
        raise ValueError("write malformed, or {malformed: {kinds: [syntax, leaves], count: 200}}")
    names, count = options.get("kinds", BY_DEFAULT), options.get("count", COUNT)
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError("kinds: write a list such as [syntax, leaves]")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"count: {count!r} is not a positive whole number")
    return names, count


def _that_apply(kinds: Sequence[Kind], template: Any) -> Sequence[Kind]:
    if template is None:
        raise ValueError("there is no JSON body to spoil: give target.request a `json`")
    fitting = [kind for kind in kinds if applies(kind, template)]
    if not fitting:
        raise ValueError("none of these kinds can spoil this request: its JSON body holds no ${input.*}")
    return fitting


def _to_spoil(entry: Inputs, good: Sequence[InputRow]) -> Sequence[InputRow]:
    """Good rows that everyone who sends the malformed ones may ask: in scope where there are any."""
    open_to = [row for row in good if row.mutation is None and row.tenant in (None, entry.tenant)]
    in_scope = [row for row in open_to if row.category == "in_scope"]
    if not open_to:
        whom = f" that tenant {entry.tenant} may ask" if entry.tenant else " without `tenant`"
        raise ValueError(f"there is no good request to spoil: add an entry with a `file`{whom}")
    return in_scope or open_to
