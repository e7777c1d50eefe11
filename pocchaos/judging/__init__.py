"""Columns of samples to outcomes, metrics and verdicts; pure but for reading the run directory."""

from pocchaos.judging.judged import judge, judge_and_keep

__all__ = ["judge", "judge_and_keep"]
