"""`latency.hlog`: an HdrHistogram interval log (format 1.2) that any HdrHistogram tool reads.

Written here because the library's own writer drops the tag and floors the maximum. Times in the histograms are
microseconds; the maximum in each line is in seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from pocchaos.files.histogram import Histogram

_LEGEND: Final = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """One line: what one (stage, category, kind) came to within `length` seconds from `start` (s since the origin)."""

    start: float
    length: float
    stage: str
    category: str
    kind: str  # response | service | ttft | no_answer
    histogram: Histogram

    @property
    def tag(self) -> str:
        """`stage/category/kind`; what would end a tag (commas, spaces) is percent-encoded."""
        return "/".join(quote(part, safe="") for part in (self.stage, self.category, self.kind))


def write_hlog(intervals: Iterable[Interval], *, started: datetime) -> bytes:
    """The log of a run whose origin was at `started`; intervals are put in order of time, as readers expect."""
    at = started.astimezone(UTC)
    since_epoch = at.timestamp()
    lines = [
        "#[Logged with pocchaos: tags are stage/category/kind, values are microseconds]",
        "#[kinds: response (end - due), service (end - start), ttft (first token - due) of requests with an answer;",
        "# no_answer (end - due) of those without: a percentile over response alone leaves them out]",
        "#[Histogram log format version 1.2]",
        f"#[StartTime: {since_epoch:.3f} (seconds since epoch), {at:%Y-%m-%d %H:%M:%S} UTC]",
        f"#[BaseTime: {since_epoch:.3f} (seconds since epoch)]",
        _LEGEND,
    ]
    lines.extend(_line(interval) for interval in sorted(intervals, key=lambda found: (found.start, found.tag)))
    return ("\n".join(lines) + "\n").encode()


def _line(interval: Interval) -> str:
    largest = interval.histogram.max / 1_000_000
    return f"Tag={interval.tag},{interval.start:.3f},{interval.length:.3f},{largest:.6f},{interval.histogram.encode()}"
