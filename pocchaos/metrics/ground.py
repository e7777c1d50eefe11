"""A judged table made ready for many questions: the columns that figures need, computed once."""

from functools import cached_property
from typing import Final

import polars as pl

from pocchaos.metrics.table import Span, StageWindow, Table
from pocchaos.model.outcome import NO_ANSWER, Outcome

BLOCK: Final = 5_000_000  # µs: samples that are due within five seconds share what happens in them
_COLUMNS: Final = (
    "request",
    "stage_index",
    "stage",
    "tenant",
    "category",
    "input",
    "step",
    "outcome",
    "checked",
    "kept",
    "in_window",
    "due",
    "response",
    "service",
    "lag",
    "ttft",
    "tpot",
    "gap_max",
    "tokens",
    "bitten",
)


class Ground:
    """One table, its samples narrowed to what metrics read, with `judged`, `lost`, `answerable` and `block`."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._names: dict[str, tuple[str, ...]] = {}

    @cached_property
    def samples(self) -> pl.DataFrame:
        """The run's samples (not the wiring's), with what they count as."""
        outcome, words = pl.col("outcome"), {word.value: word.name for word in Outcome}
        lost = outcome == Outcome.LOST
        judged = ~outcome.is_in([Outcome.LOST.value, Outcome.CANCELLED.value, Outcome.UNKNOWN.value])
        return (
            self.table.samples.lazy()
            .filter(pl.col("request") >= 0)
            .with_columns(outcome.cast(pl.Enum(list(words))))
            .select(
                *_COLUMNS,
                (pl.col("expect") == "answer").alias("expects"),
                lost.alias("lost"),
                judged.alias("judged"),
                (judged & (pl.col("expect") == "answer") & ~pl.col("over_quota")).alias("answerable"),
                outcome.is_in([word.value for word in NO_ANSWER]).alias("unanswered"),
                (pl.col("stage_index").cast(pl.Int64) * (1 << 40) + pl.col("due") // BLOCK).alias("block"),
            )
            .collect()
        )

    @cached_property
    def baseline(self) -> StageWindow | None:
        """The stage that the others are compared with."""
        return next((stage for stage in self.table.stages if stage.baseline), None)

    @cached_property
    def in_windows(self) -> pl.LazyFrame:
        """The samples that are due in the judged window of their stage."""
        return self.samples.lazy().filter(pl.col("in_window"))

    def names(self, column: str) -> tuple[str, ...]:
        """The different words in a column, in order of the alphabet."""
        if column not in self._names:
            self._names[column] = tuple(sorted(self.samples[column].unique().to_list()))
        return self._names[column]

    @cached_property
    def healthy(self) -> float | None:
        """The share of A that was answered in the baseline; None where it has none."""
        if self.baseline is None:
            return None
        calm = (pl.col("stage_index") == self.baseline.index) & pl.col("answerable")
        found = self.in_windows.filter(calm).select((pl.col("outcome") == Outcome.ANSWERED.value).mean())
        share = found.collect().item()
        return None if share is None else float(share)

    @cached_property
    def calm(self) -> tuple[int, int]:
        """How many of A were judged in the baseline, and how many more could not be: unknown, or not kept."""
        if self.baseline is None:
            return 0, 0
        here = self.in_windows.filter((pl.col("stage_index") == self.baseline.index) & pl.col("expects"))
        unclear = pl.col("outcome") == Outcome.UNKNOWN.value
        found = here.select(pl.col("answerable").sum().alias("known"), unclear.sum().alias("unclear")).collect()
        return found.row(0)[0], found.row(0)[1]

    @cached_property
    def ended(self) -> int | None:
        """Up to where the run went, µs, if it was stopped: the last due moment of what was sent."""
        if not self.table.stopped:
            return None
        last = self.samples.filter(~pl.col("lost"))["due"].max()
        return last + 1 if isinstance(last, int) else 0

    @cached_property
    def sent(self) -> dict[int, int]:
        """Stage index -> requests that really went out, of those due in it."""
        counted = self.samples.filter(~pl.col("lost")).group_by("stage_index").len()
        return dict(counted.iter_rows())


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """The same stretches of time, apart from each other and in order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def within_any(column: str, spans: tuple[Span, ...]) -> pl.Expr:
    """Whether the moment lies in one of the stretches."""
    inside = pl.lit(value=False)
    for start, end in spans:
        inside = inside | ((pl.col(column) >= start) & (pl.col(column) < end))
    return inside
