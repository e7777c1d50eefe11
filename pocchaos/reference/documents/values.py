"""A document, and the one way in which a store fails."""

from dataclasses import dataclass


class StoreAway(Exception):  # noqa: N818 - reads as what it is
    """The store is away, slow or in trouble."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text that a tenant gave us to answer from."""

    id: str
    title: str
    text: str
