"""Do our parts still answer? One that is stopped lives on for whoever only looks whether it has ended.

Asked beside the run, in a thread: an answer may take seconds, and no edge may wait for it.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pocchaos.model.errors import HarnessError
from pocchaos.model.units import Seconds

EVERY = Seconds(1.0)

Ask = Callable[[], object]  # bounded in time; raises HarnessError where there is no answer


class Pulse:
    """What the asking came to; made by `taken`."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._asks = asks
        self._over = threading.Event()
        self._failure: HarnessError | None = None

    def check(self) -> None:
        """Raises what a part that does not answer was raised for."""
        if self._failure is not None:
            raise self._failure

    def beat(self) -> None:
        """Ask all of them, again and again, until it is over or one fails."""
        while not self._over.wait(EVERY):
            try:
                for ask in self._asks:
                    ask()
            except HarnessError as error:
                self._failure = error
                return

    def end(self) -> None:
        """No more."""
        self._over.set()


@contextmanager
def taken(*asks: Ask) -> Iterator[Pulse]:
    """Ask these parts while the `with` lasts."""
    pulse = Pulse(asks)
    thread = threading.Thread(target=pulse.beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield pulse
    finally:
        pulse.end()  # an ask that is under way may outlast us by its own bound: nobody waits for it
