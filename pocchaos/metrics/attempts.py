"""Attempts at an upstream for each request: what a fault is multiplied by."""

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from pocchaos.metrics.base import NO_SAMPLE, Ask, Metric, Reading, Trouble, Unit, View
from pocchaos.metrics.ground import merged, within_any
from pocchaos.metrics.table import FaultScope, Span
from pocchaos.statistics import bootstrap_ratio

ENOUGH_BLOCKS: Final = 20
_SECOND: Final = 1_000_000  # µs: the length of a block


@dataclass(frozen=True, kw_only=True)
class AttemptsPerRequest(Metric):
    """Attempts that arrive at the stand while the fault is on, over the requests due in that time.

    Where attempts are joined to requests exactly they belong to their request's block, whenever they arrive.
    """

    unit: Unit = field(default="ratio", init=False)
    bodies: bool = field(default=False, init=False)

    def read(self, view: View, ask: Ask) -> Reading:
        """The ratio, with its interval by resampling blocks of one second."""
        blocks = self._blocks(view)
        attempts, requests = int(blocks["attempts"].sum()), int(blocks["requests"].sum())
        troubles = self._troubles(view, blocks)
        if not requests:
            return Reading(troubles=(*troubles, NO_SAMPLE))
        pairs = list(blocks.select("attempts", "requests").iter_rows())
        return Reading(
            figure=attempts / requests,
            interval=bootstrap_ratio(pairs, ask.confidence),
            n=requests,
            n_eff=float(blocks.height),
            notes=(f"{attempts:,} attempts for {requests:,} requests in {blocks.height} blocks of 1 s",),
            troubles=troubles,
        )

    def against(self, view: View, ask: Ask) -> tuple[int, ...]:
        """The requests with the most attempts, where they are joined."""
        del ask
        requests, counted = self._requests(view).select("request"), self._attempts(view)
        most = (
            counted.filter(pl.col("request").is_not_null())
            .join(requests, on="request", how="semi")
            .group_by("request")
            .agg(pl.len().alias("attempts"))
            .filter(pl.col("attempts") > 1)
            .sort(["attempts", "request"], descending=[True, False])
            .head(5)
        )
        return tuple(most["request"].to_list())

    def _blocks(self, view: View) -> pl.DataFrame:
        """One row a second: how many requests were due in it, how many attempts belong to it."""
        spans, requests = self._spans(view), self._requests(view)
        attempts = self._attempts(view)
        if self._joined(view):
            own = attempts.filter(pl.col("request").is_not_null()).join(requests, on="request").select("due")
            stray = pl.lit(value=False) if view.narrowed else pl.col("request").is_null()
            others = attempts.filter(stray & within_any("arrived", spans)).select(due="arrived")
            moments = pl.concat([own, others])
        else:
            moments = attempts.filter(within_any("arrived", spans)).select(due="arrived")
        both = pl.concat(
            [
                requests.select(_block(spans).alias("block"), pl.lit(1).alias("requests"), pl.lit(0).alias("attempts")),
                moments.select(_block(spans).alias("block"), pl.lit(0).alias("requests"), pl.lit(1).alias("attempts")),
            ]
        )
        return both.group_by("block").sum().sort("block")

    def _requests(self, view: View) -> pl.DataFrame:
        due = ~pl.col("lost") & within_any("due", self._spans(view))
        return view.selected.filter(due).select("request", "due").collect()

    def _attempts(self, view: View) -> pl.DataFrame:
        """Those at the upstreams meant."""
        return view.ground.table.attempts.filter(pl.col("upstream").is_in(view.upstreams))

    def _spans(self, view: View) -> tuple[Span, ...]:
        """Where a fault is on from confirmed on to confirmed off, without its pauses; else the judged windows."""
        spans: list[Span] = [span for fault in _meant(view) for span in _on(fault)]
        faulted = {fault.stage for fault in _meant(view)}
        spans += [s.window for s in view.stages if s.index not in faulted and s.window is not None]
        return merged(spans)

    def _joined(self, view: View) -> bool:
        return all(view.ground.table.upstreams.get(name, False) for name in view.upstreams)

    def _troubles(self, view: View, blocks: pl.DataFrame) -> tuple[Trouble, ...]:
        found = [
            Trouble(
                why=f"attempts cannot be seen under `{fault.type}`",
                remedy="use `http_error` or `stall`, which the stand makes and counts",
            )
            for fault in _meant(view)
            if not fault.visible
        ][:1]
        if view.narrowed and not self._joined(view):
            found.append(
                Trouble(
                    why="attempts are not joined to requests, so not to a category, tenant or step either",
                    remedy="pass a request id on to the upstreams and name it in `correlate`",
                )
            )
        if not view.upstreams:
            found.append(Trouble(why="no such upstream", remedy="name one of the scenario's upstreams"))
        elif not self._attempts(view).height:
            found.append(
                Trouble(
                    why=f"no attempt at {', '.join(view.upstreams)} was seen in the whole run: nothing was counted",
                    remedy="point the target at the upstream's address, and let inputs need it in the baseline too",
                )
            )
        if blocks.height < ENOUGH_BLOCKS:
            found.append(
                Trouble(
                    why=f"{blocks.height} blocks of 1 s, {ENOUGH_BLOCKS} are needed",
                    remedy=f"+{ENOUGH_BLOCKS - blocks.height} s at this rate",
                )
            )
        return tuple(found)


def _meant(view: View) -> list[FaultScope]:
    return [fault for fault in view.faults if fault.upstream in view.upstreams]


def _on(fault: FaultScope) -> tuple[Span, ...]:
    if fault.spans:
        return fault.spans
    return ((fault.on, fault.off),) if fault.on is not None and fault.off is not None else ()


def _block(spans: tuple[Span, ...]) -> pl.Expr:
    """Seconds since the start of the span that the moment lies in; spans stay apart."""
    found = pl.lit(None, dtype=pl.Int64)
    for number, (start, end) in enumerate(spans):
        inside = (pl.col("due") >= start) & (pl.col("due") < end)
        found = pl.when(inside).then((number << 32) + (pl.col("due") - start) // _SECOND).otherwise(found)
    return found


ATTEMPTS_PER_REQUEST = AttemptsPerRequest(name="attempts_per_request")
