"""The samples that a proportion is taken over, and how they hang together: inputs, blocks of time, windows."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Final

import polars as pl

from pocchaos.model.outcome import Outcome
from pocchaos.statistics import ClusteredShare, Clusters, clustered_share
from pocchaos.statistics.shape import Group

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


KEYS: Final = {"inputs": "input", "blocks": "block", "windows": "stage_index"}


class Population:
    """Some samples with the columns of KEYS; asked for the share of them that did not fail."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.rows = rows

    @property
    def n(self) -> int:
        """How many samples."""
        return self.rows.height

    @property
    def inputs(self) -> int:
        """How many different inputs."""
        return self._sizes["inputs"].height

    def share(self, failed: pl.Expr, *, confidence: float, capped: bool) -> ClusteredShare:
        """The share of those that did not fail; `capped`: no more independent than there are different inputs."""
        failures = self.rows.lazy().filter(failed).select(*KEYS.values()).collect()
        return self.counted(
            {name: failures.lazy().group_by(key).agg(pl.len().alias("failures")) for name, key in KEYS.items()},
            confidence=confidence,
            capped=capped,
        )

    def counted(
        self, by: Mapping[str, pl.LazyFrame], *, confidence: float, capped: bool, thorough: bool = True
    ) -> ClusteredShare:
        """The same where the failures are counted already: `by` has a key and `failures` for each clustering."""
        sizes, names = self._sizes, ["inputs"]
        if sizes["blocks"].height >= ENOUGH_BLOCKS:
            names.append("blocks")
        if sizes["windows"].height >= ENOUGH_WINDOWS:
            names.append("windows")
        met = pl.collect_all([_grouped(by[name].join(sizes[name].lazy(), on=KEYS[name])) for name in names])
        clusters = [self._clusters(name, frame) for name, frame in zip(names, met, strict=True)]
        failures = sum(hits * same for hits, _, same in clusters[0].groups)
        cap = self.inputs if capped else None
        return clustered_share(failures, self.n, clusters, confidence=confidence, cap=cap, thorough=thorough)

    @cached_property
    def _sizes(self) -> Mapping[str, pl.DataFrame]:
        lazy = [self.rows.lazy().group_by(key).agg(pl.len().alias("size")) for key in KEYS.values()]
        return dict(zip(KEYS, pl.collect_all(lazy), strict=True))

    @cached_property
    def _whole(self) -> Mapping[str, Mapping[int, int]]:
        """Clustering -> size of a cluster -> how many such clusters."""
        return {name: Counter(frame["size"].to_list()) for name, frame in self._sizes.items()}

    def _clusters(self, name: str, failing: pl.DataFrame) -> Clusters:
        groups: list[Group] = sorted(failing.iter_rows())
        clean = Counter(self._whole[name])
        for _, size, same in groups:
            clean[size] -= same
        groups += [(0, size, same) for size, same in sorted(clean.items()) if same]
        return Clusters(name=name, groups=tuple(groups), student=name == "windows")


def _grouped(failing: pl.LazyFrame) -> pl.LazyFrame:
    """Clusters that are alike, counted: as many failures among as many samples."""
    return failing.group_by("failures", "size").agg(pl.len().alias("same")).select("failures", "size", "same")


def worst_five(rows: pl.LazyFrame) -> tuple[int, ...]:
    """Five request numbers, by the gravity of the outcome, then the slowest, then the earliest."""
    ordered = (
        rows.select(
            "request",
            pl.col("outcome").cast(pl.String).replace_strict(_SEVERITY, default=99).alias("gravity"),
            pl.col("response").fill_null(float("inf")).alias("slowness"),
        )
        .sort(["gravity", "slowness", "request"], descending=[False, True, False])
        .head(5)
        .collect()
    )
    return tuple(ordered["request"].to_list())
