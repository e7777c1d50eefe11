"""How often to try again, and how long to wait before: pure, and bounded by the time that is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WORTH_TRYING = 0.3  # s that must be left after the wait, or a further attempt could not be answered in time


@dataclass(frozen=True, kw_only=True)
class Retries:
    """At most `most` further attempts, `wait` seconds before the first, doubled each time."""

    most: int
    wait: float
    keep_retry_after: bool = True

    def pause(self, *, tried: int, retry_after: float | None, left: float, draw: float) -> float | None:
        """Seconds to wait after attempt number `tried`, or None: give up.

        `draw` is uniform in [0, 1) and spreads the waits over ± 50 %, so that callers do not come back all at once.
        """
        if tried > self.most:
            return None
        pause = self.wait * 2.0 ** (tried - 1) * (0.5 + draw)
        if self.keep_retry_after and retry_after is not None:
            pause = max(pause, retry_after)
        return pause if pause + WORTH_TRYING <= left else None


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that `retry-after-ms` or `Retry-After` (seconds or a date) asks for; None where it is not there."""
    if milliseconds := _number(headers.get("retry-after-ms", "")):
        return milliseconds / 1000
    text = headers.get("retry-after", "")
    if (seconds := _number(text)) is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
