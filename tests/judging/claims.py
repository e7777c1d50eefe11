"""One criterion in a line, judged over a table of builders."""

from typing import Any

from pocchaos.judging.criteria import judge_criteria
from pocchaos.metrics import Table
from pocchaos.model.verdict import Judgement
from pocchaos.scenario.language import Criterion


def judge(run: Table, metric: str, **facts: Any) -> Judgement:
    """The judgement of one criterion."""
    return judge_criteria(run, [Criterion.model_validate({"id": "it", "metric": metric, **facts})])[0]
