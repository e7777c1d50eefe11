"""What happens when the user, or the system, says stop."""

import signal
from types import FrameType


class Interruption(BaseException):
    """SIGINT or SIGTERM came. No `except Exception` on the way out may take it for an error of its own."""


def interrupts_raise() -> None:
    """From now on both signals raise Interruption in the main thread, so that every `with` is left in order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise)


def came_through(error: BaseException) -> bool:
    """Whether an interruption was under way when this error was raised: what failed while we stopped."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Interruption):
            return True
        cause = cause.__context__
    return False


def _raise(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Interruption
