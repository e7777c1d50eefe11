"""The samples that a proportion is taken over, and how they hang together: inputs, blocks of time, windows."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import polars as pl

from pocchaos.model.outcome import Outcome
from pocchaos.statistics import ClusteredShare, Clusters, clustered_share

ENOUGH_BLOCKS: Final = 10
ENOUGH_WINDOWS: Final = 4

WORST_FIRST: Final = (
    Outcome.LEAKED,
    Outcome.CRASHED,
    Outcome.BROKEN,
    Outcome.HUNG,
    Outcome.WRONG,
    Outcome.UNDER_REFUSED,
    Outcome.OVER_REFUSED,
    Outcome.ERRORED,
    Outcome.SHED,
    Outcome.DEGRADED,
    Outcome.REFUSED,
    Outcome.ANSWERED,
)
_SEVERITY: Final[Mapping[str, int]] = {outcome.value: rank for rank, outcome in enumerate(WORST_FIRST)}


class Population:
    """Some samples; asked again and again for the share of them that did not fail."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows

    @property
    def n(self) -> int:
        """How many samples."""
        return self.rows.height

    @cached_property
    def inputs(self) -> int:
        """How many different inputs."""
        return self.rows["input"].n_unique()

    def share(self, failed: pl.Expr, *, confidence: float, capped: bool) -> ClusteredShare:
        """The share of those that did not fail; `capped`: no more independent than there are different inputs."""
        failures = self.rows.lazy().filter(failed).select("input", "block", "stage_index").collect()
        return clustered_share(
            failures.height,
            self.n,
            self._clusterings(failures),
            confidence=confidence,
            cap=self.inputs if capped else None,
        )

    @cached_property
    def _sizes(self) -> Mapping[str, pl.DataFrame]:
        keys = ("input", "block", "stage_index")
        return {key: self.rows.group_by(key).agg(pl.len().alias("size")) for key in keys}

    def _clusterings(self, failures: pl.DataFrame) -> list[Clusters]:
        sizes, found = self._sizes, [self._clusters("inputs", "input", failures)]
        if sizes["block"].height >= ENOUGH_BLOCKS:
            found.append(self._clusters("blocks", "block", failures))
        if sizes["stage_index"].height >= ENOUGH_WINDOWS:
            found.append(self._clusters("windows", "stage_index", failures))
        return found

    def _clusters(self, name: str, key: str, failures: pl.DataFrame) -> Clusters:
        counted = failures.group_by(key).agg(pl.len().alias("failures"))
        groups = (
            self._sizes[key]
            .join(counted, on=key, how="left")
            .group_by(pl.col("failures").fill_null(0), "size")
            .agg(pl.len().alias("same"))
            .sort("failures", "size")
        )
        return Clusters(name=name, groups=tuple(groups.iter_rows()), student=name == "windows")


def worst_five(rows: pl.DataFrame) -> tuple[int, ...]:
    """Five request numbers, by the gravity of the outcome, then the slowest, then the earliest."""
    ordered = (
        rows.lazy()
        .select(
            "request",
            pl.col("outcome").cast(pl.String).replace_strict(_SEVERITY, default=99).alias("gravity"),
            pl.col("response").fill_null(float("inf")).alias("slowness"),
        )
        .sort(["gravity", "slowness", "request"], descending=[False, True, False])
        .head(5)
        .collect()
    )
    return tuple(ordered["request"].to_list())
