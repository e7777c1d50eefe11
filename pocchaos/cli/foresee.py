"""What a run would show, asked before it begins: a plan whose claims cannot pass is refused."""

from pocchaos.files.scenario import Loaded
from pocchaos.model.errors import ScenarioError
from pocchaos.scenario.forecast import Forecast, forecast
from pocchaos.scenario.plan import Plan


def foresee(loaded: Loaded, plan: Plan) -> Forecast:
    """The forecast of a plan that may be run; raises ScenarioError with everything that forbids it."""
    foreseen = forecast(loaded.scenario, plan)
    refuse(loaded, foreseen)
    return foreseen


def refuse(loaded: Loaded, foreseen: Forecast) -> None:
    """Raise ScenarioError where the forecast forbids the run."""
    if foreseen.problems:
        raise ScenarioError([loaded.problem(finding.path, finding.message) for finding in foreseen.problems])
