"""The stand, as its own tests start it."""

from tests.stand.conftest import one_stand, stand, start_stand

__all__ = ["one_stand", "stand", "start_stand"]
