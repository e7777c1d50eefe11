"""What a toxiproxy-server tells of itself, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class ToxicState:
    """A toxic as the server tells it; attributes in Toxiproxy's own units."""

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyState:
    """A proxy as the server tells it."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: tuple[ToxicState, ...] = ()


def proxy_of(payload: Mapping[str, Any]) -> ProxyState:
    """A proxy of the server's answer."""
    return ProxyState(
        name=str(payload.get("name")),
        listen=str(payload.get("listen")),
        upstream=str(payload.get("upstream")),
        enabled=payload.get("enabled") is True,
        toxics=tuple(toxic_of(toxic) for toxic in payload.get("toxics") or ()),
    )


def toxic_of(payload: Mapping[str, Any]) -> ToxicState:
    """A toxic of the server's answer."""
    toxicity = payload.get("toxicity")
    return ToxicState(
        name=str(payload.get("name")),
        type=str(payload.get("type")),
        stream=str(payload.get("stream")),
        toxicity=float(toxicity) if isinstance(toxicity, int | float) else float("nan"),
        attributes=dict(payload.get("attributes") or {}),
    )
