"""The proxies of one run on one toxiproxy-server: made, put under faults, and freed of them again."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, assert_never

from pocchaos.faults import AnyToxic, Down, Toxic
from pocchaos.faults.reset_peer import ResetPeer
from pocchaos.model.errors import PortTakenError, ToxiproxyError
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy.adapter import ControlAPI
from pocchaos.toxiproxy.ports import free_port
from pocchaos.toxiproxy.shared import prefix_of
from pocchaos.toxiproxy.states import ProxyState, ToxicState

_PORT_TRIES = 20
_FLOAT32 = 1e-6  # the server keeps toxicity in 32 bits


class Address(NamedTuple):
    """Where a proxy listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _On:
    """A fault that is on, or may be: it stays here until it was seen to be off."""

    window: str
    fault: Down | AnyToxic
    proxy: str  # its name on the server
    toxic: str  # the toxic's name on the server; empty for Down

    def __str__(self) -> str:
        return f"{self.window} ({self.fault.kind} on {self.proxy})"


class Proxies:
    """One proxy for each upstream, and the faults on them.

    Everything carries this run's prefix on the server, so that nothing of anybody else's is ever touched. Every
    change is read back and compared before the call returns; when, is for the caller to say. Not for two threads.
    """

    def __init__(
        self, api: ControlAPI, *, alive: Callable[[], None] | None = None, run: str = "", source: str = ""
    ) -> None:
        """`alive` looks at the server's process, if it is ours; `source` says which server it is, and whence."""
        self.source = source
        self._api = api
        self._alive = alive
        self._prefix = prefix_of(_plain(run) or secrets.token_hex(4))
        self._made: dict[str, str] = {}  # logical name -> name on the server
        self._on: dict[str, _On] = {}  # by window
        self._count = 0

    @property
    def server(self) -> str:
        """`host:port` of the control API, for people who look for what was left on."""
        return f"{self._api.host}:{self._api.port}"

    @property
    def on(self) -> tuple[str, ...]:
        """Windows whose fault is on, or was not seen to be off yet."""
        return tuple(self._on)

    def create(self, name: str, *, listen: str, origin: str) -> Address:
        """A proxy for the upstream `name`, from `listen` (port 0: a free one) to `origin`, both `host:port`.

        Raises PortTakenError where `listen` cannot be bound, ToxiproxyError where the server does not do it.
        """
        if name in self._made:
            raise ToxiproxyError(f"the proxy for {name} was made already")
        host, port = _split(listen)
        wire = self._prefix + _plain(name)
        tries = 1 if port else _PORT_TRIES
        for left in reversed(range(tries)):
            try:
                address = Address(host, port or free_port(host))
                state = self._api.create_proxy(wire, listen=str(address), origin=origin)
                break
            except PortTakenError:
                if not left:
                    raise
        self._made[name] = wire
        return Address(*_split(state.listen))

    def put_on(self, window: str, fault: Down | AnyToxic) -> Mapping[str, Any]:
        """Put the fault on the proxy of its upstream; returns what the server then showed.

        Raises ToxiproxyError where the server did not do it or showed something else; the fault then still counts
        as on, so that it is taken off with the rest.
        """
        if window in self._on:
            raise ToxiproxyError(f"{window} is on already")
        proxy = self._proxy_of(fault)
        self._count += 1
        toxic = "" if isinstance(fault, Down) else f"{self._prefix}{_plain(window)}.{self._count}"
        on = self._on[window] = _On(window=window, fault=fault, proxy=proxy, toxic=toxic)
        match fault:
            case Down():
                state = self._api.set_enabled(proxy, enabled=False)
                if state.enabled:
                    raise ToxiproxyError(f"{on} was put on, but the proxy reads back enabled")
                return _shown_proxy(state)
            case Toxic():
                asked = _asked(toxic, fault)
                read = self._api.add_toxic(proxy, asked)
                if different := _differences(asked, read):
                    raise ToxiproxyError(f"{on} was put on, but reads back {'; '.join(different)}")
                return _shown_toxic(proxy, read)
            case _:
                assert_never(fault)

    def take_off(self, window: str) -> Mapping[str, Any]:
        """Take the window's fault off; returns the proxy as the server then showed it.

        Raises ToxiproxyError where it could not be seen to be off; it then still counts as on.
        """
        on = self._on.get(window)
        if on is None:
            raise ToxiproxyError(f"{window} is not on")
        match on.fault:
            case Down():
                # a second outage over the same time keeps the proxy off
                others = any(o.proxy == on.proxy and isinstance(o.fault, Down) for o in self._on.values() if o != on)
                state = self._api.set_enabled(on.proxy, enabled=not others)
                off = state.enabled != others
            case Toxic():
                self._api.delete_toxic(on.proxy, on.toxic, extra=_held(on.fault))
                gone = self._api.proxy(on.proxy)
                if gone is None:
                    raise ToxiproxyError(f"{on} cannot be seen to be off: the proxy is gone from {self._api}")
                state = gone
                off = on.toxic not in {toxic.name for toxic in state.toxics}
            case _:
                assert_never(on.fault)
        if not off:
            raise ToxiproxyError(f"{on} was taken off, but still reads back as on")
        del self._on[window]
        return _shown_proxy(state)

    def take_everything_off(self) -> None:
        """Take off all that is on; raises one ToxiproxyError naming whatever is still on."""
        reasons = []
        for window in tuple(self._on):
            try:
                self.take_off(window)
            except ToxiproxyError as error:
                reasons.append(str(error))
        if self._on:
            still = ", ".join(map(str, self._on.values()))
            raise ToxiproxyError(f"STILL ON at {self.server}: {still}. Take it off by hand. Why: {'; '.join(reasons)}")

    def remove_proxies(self) -> None:
        """Remove the proxies that were made here, on a server that lives on."""
        for name, wire in tuple(self._made.items()):
            self._api.delete_proxy(wire)
            del self._made[name]

    def ping(self) -> None:
        """Ask the server for a word; raises ToxiproxyError where none comes. Another thread may do so."""
        self._api.version()

    def check_alive(self) -> None:
        """Raises ToxiproxyError where the server has gone."""
        if self._alive is not None:
            self._alive()

    def _proxy_of(self, fault: Down | AnyToxic) -> str:
        try:
            return self._made[fault.upstream]
        except KeyError:
            raise ToxiproxyError(f"there is no proxy for the upstream {fault.upstream!r}") from None


def _asked(name: str, fault: AnyToxic) -> ToxicState:
    return ToxicState(
        name=name, type=fault.kind, stream=fault.stream, toxicity=fault.toxicity, attributes=dict(fault.wire())
    )


def _differences(asked: ToxicState, read: ToxicState) -> tuple[str, ...]:
    """What was asked and not read back, one phrase each; attributes that we did not set are the server's own."""
    pairs: list[tuple[str, object, object]] = [
        ("type", asked.type, read.type),
        ("stream", asked.stream, read.stream),
        *((f"attributes.{key}", value, read.attributes.get(key)) for key, value in asked.attributes.items()),
    ]
    if not abs(asked.toxicity - read.toxicity) <= _FLOAT32:  # so written for a toxicity that is no number
        pairs.append(("toxicity", asked.toxicity, read.toxicity))
    return tuple(f"{name} {got!r} instead of {want!r}" for name, want, got in pairs if got != want)


def _held(fault: AnyToxic) -> Seconds:
    """How much longer the removal may take: `reset_peer` does not listen while it waits to reset a connection."""
    return Seconds(fault.attributes.timeout) if isinstance(fault, ResetPeer) else Seconds(0.0)


def _shown_proxy(state: ProxyState) -> Mapping[str, Any]:
    return {"proxy": state.name, "enabled": state.enabled, "toxics": [toxic.name for toxic in state.toxics]}


def _shown_toxic(proxy: str, state: ToxicState) -> Mapping[str, Any]:
    return {
        "proxy": proxy,
        "toxic": state.name,
        "type": state.type,
        "stream": state.stream,
        "toxicity": state.toxicity,
        "attributes": dict(state.attributes),
    }


def _plain(name: str) -> str:
    """The name without what a path or a log line trips over."""
    return re.sub(r"[^A-Za-z0-9_.@-]", "_", name)


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise PortTakenError(f"{address!r} is not an address to listen on: write host:port, such as 127.0.0.1:0")
    return host.strip("[]"), int(port)
