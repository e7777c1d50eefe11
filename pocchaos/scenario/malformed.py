"""`generate: malformed`: rows that borrow the fields of good inputs: a good request is rendered, then spoiled.

The rows depend on the scenario and its good inputs, not on the seed: ten seeds ask the same questions.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pocchaos.exchange.template import UNSET, Found, substitute
from pocchaos.inputs import BY_DEFAULT, Kind, applies, content_type, leaves_of, named, spoil
from pocchaos.scenario.language import Inputs
from pocchaos.scenario.plan import InputRow, Mutation
from pocchaos.scenario.seeds import generator, shuffled

COUNT: Final = 200  # rows where the scenario does not say: above the 73 different inputs that "≥ 95 %" needs
_PATIENCE: Final = 20  # tries a row, before it is taken that there are no more results


def malformed_rows(entry: Inputs, number: int, template: Any, good: Sequence[InputRow]) -> tuple[InputRow, ...]:
    """The rows of entry `number`, dealt over kinds and good rows, no two alike; raises ValueError with the remedy.

    `template` is the request's JSON body with its templates, `good` the rows of the scenario's files. There are
    fewer than asked for where the kinds do not have so many results.
    """
    names, count = _asked(entry.generate)
    kinds = _that_apply(named(names), template)
    base = _to_spoil(entry, good)
    random = generator(0, "malformed", number)
    order, cards = shuffled(len(kinds), random), shuffled(len(base), random)
    rows: list[InputRow] = []
    sent: set[tuple[bytes, str | None]] = set()
    for turn in range(count * _PATIENCE):
        good_row = base[cards[turn % len(base)]]
        mutation = Mutation(kind=kinds[order[turn % len(kinds)]].name, draw=random.getrandbits(32))
        result = spoil(_rendered(template, good_row), mutation, leaves_of(template)), content_type(mutation)
        if result not in sent:
            sent.add(result)
            rows.append(_row(entry, mutation, len(rows) + 1, good_row))
        if len(rows) == count:
            break
    return tuple(rows)


def _row(entry: Inputs, mutation: Mutation, place: int, good: InputRow) -> InputRow:
    return InputRow(
        id=f"{mutation.kind}-{place}",
        category=entry.category,
        expect=entry.expected,
        fields=good.fields,
        asserts=entry.asserts,
        provenance="generated",
        tenant=entry.tenant,
        mutation=mutation,
    )


def _rendered(template: Any, row: InputRow) -> bytes:
    """The body as far as the input decides it; what else is a template stays one."""

    def fill(found: Found) -> Any:
        if found.name.parts[0] != "input" or len(found.name.parts) != 2:
            return found
        value = row.fields.get(found.name.parts[1])
        if value is None:
            value = UNSET if found.name.optional else found.name.default
        return value if found.whole or isinstance(value, str) else json.dumps(value)

    return json.dumps(substitute(template, fill), ensure_ascii=False).encode("utf-8", "surrogatepass")


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
