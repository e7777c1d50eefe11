"""Intervals, needs and resampling: plain functions of numbers, each with its source."""

from pocchaos.statistics.beta import binomial_at_most, student_quantile
from pocchaos.statistics.bootstrap import bootstrap_ratio
from pocchaos.statistics.clusters import ClusteredShare, Clusters, clustered_share, deff
from pocchaos.statistics.holm import evidence_below, holm
from pocchaos.statistics.needs import chance_to_pass, n_for_power, need, settled_at
from pocchaos.statistics.newcombe import newcombe
from pocchaos.statistics.wilson import critical, wilson

__all__ = [
    "ClusteredShare",
    "Clusters",
    "binomial_at_most",
    "bootstrap_ratio",
    "chance_to_pass",
    "clustered_share",
    "critical",
    "deff",
    "evidence_below",
    "holm",
    "n_for_power",
    "need",
    "newcombe",
    "settled_at",
    "student_quantile",
    "wilson",
]
