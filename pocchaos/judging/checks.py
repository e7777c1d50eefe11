"""An input's own assertions, evaluated once per (input, content, tenant) that occurs."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from pocchaos.assertions.base import BaseAssertion
from pocchaos.exchange.answer import as_text
from pocchaos.exchange.jmes import compile_path
from pocchaos.exchange.template import UNSET, UnknownName, compile_template
from pocchaos.judging.bodies import Bodies
from pocchaos.judging.facts import Checked
from pocchaos.judging.markers import Body
from pocchaos.scenario.language import Tenant
from pocchaos.scenario.plan import InputRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """One assertion with its value rendered; `broken` where rendering or the path raised."""

    assertion: BaseAssertion
    value: Any
    search: Callable[[Any], Any] | None = None

    def holds(self, body: Body) -> bool:
        """Whether the answer (or what the path finds in the body) satisfies it."""
        if self.search is None:
            return self.assertion.holds(body.answer or "", self.value)
        return self.assertion.holds(as_text(self.search(body.value)) or "", self.value)


class Checks:
    """The assertions of every input, rendered for each tenant that asks it; equal ones are evaluated once.

    An input asked by a tenant has a number, `number(input, tenant)`: those with the same number have the same
    assertions with the same values. Number 0 is no assertion at all. Slices decided at the same time may share it.
    """

    def __init__(self, inputs: tuple[InputRow, ...], tenants: Mapping[str, Tenant], names: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.tenants = names
        self._spaces = {
            name: {"name": name, "token": tenant.token, "vars": tenant.vars, "canaries": tenant.canaries}
            for name, tenant in tenants.items()
        }
        self._numbers: dict[str, int] = {"()": 0}
        self._pairs: dict[tuple[int, int], int] = {}
        self._known: dict[int, Checked] = {}
        self._ready: list[tuple[Ready, ...] | None] = [()]
        self._lock = Lock()  # two sets of assertions must never get one number

    def number(self, input_: int, tenant: int) -> int:
        """Which set of rendered assertions this input has for this tenant."""
        pair = (input_, tenant)
        with self._lock:
            if pair not in self._pairs:
                self._pairs[pair] = self._number(input_, tenant)
            return self._pairs[pair]

    def _number(self, input_: int, tenant: int) -> int:
        row, name = self.inputs[input_], self.tenants[tenant]
        spaces = {"input": {"id": row.id, **row.fields}, "tenant": self._spaces.get(name, {"name": name})}
        ready = _render(row.asserts, spaces)
        key = repr(ready and tuple((check.assertion, check.value) for check in ready))
        if key not in self._numbers:
            self._numbers[key] = len(self._ready)
            self._ready.append(ready)
        return self._numbers[key]

    def check_all(self, keys: Iterable[int], bodies: Bodies) -> Mapping[int, Checked]:
        """What the assertions come to, by `number × (len(bodies) + 2) + place`; what was asked before is known."""
        with self._lock:  # who waits finds them known
            return {key: self._checked(key, bodies) for key in keys}

    def _checked(self, key: int, bodies: Bodies) -> Checked:
        if key not in self._known:
            number, place = divmod(key, len(bodies) + 2)
            self._known[key] = _check(self._ready[number], place, bodies)
        return self._known[key]


def _check(ready: tuple[Ready, ...] | None, place: int, bodies: Bodies) -> Checked:
    if ready is None:
        return Checked.RAISED
    if not ready:
        return Checked.NONE
    body = bodies.read(place, parsed=any(check.search for check in ready))
    try:
        return Checked.HOLD if all(check.holds(body) for check in ready) else Checked.FAIL
    except Exception:  # noqa: BLE001 - a check that cannot be made is unknown, whatever it raised
        return Checked.RAISED


def _render(asserts: Iterable[BaseAssertion], spaces: Mapping[str, Any]) -> tuple[Ready, ...] | None:
    ready: list[Ready] = []
    for assertion in asserts:
        template = getattr(assertion, "value", None)
        try:
            value = _template(json.dumps(template)).render(spaces) if template is not None else None
            search = compile_path(assertion.path) if assertion.path else None
        except UnknownName:
            continue  # its value is unset for this input
        except ValueError:
            return None
        if value is UNSET or (template is not None and value is None):
            continue
        ready.append(Ready(assertion=assertion, value=value, search=search))
    return tuple(ready)


@lru_cache(maxsize=4096)
def _template(written: str) -> Any:
    return compile_template(json.loads(written))
