"""What a run would show, asked before it begins: a plan whose claims cannot pass is refused."""

from pocchaos.files.scenario import Loaded
from pocchaos.model.errors import ScenarioError
from pocchaos.scenario.forecast import Forecast, forecast
from pocchaos.scenario.plan import Plan
from pocchaos.scenario.rules import wildcard_listens


def foresee(loaded: Loaded, plan: Plan) -> Forecast:
    """The forecast of a plan that may be run; raises ScenarioError with everything that forbids it."""
    foreseen = forecast(loaded.scenario, plan)
    refuse(loaded, foreseen)
    return foreseen


def refuse(loaded: Loaded, foreseen: Forecast) -> None:
    """Raise ScenarioError where the forecast forbids the run."""
    if foreseen.problems:
        raise ScenarioError([loaded.problem(finding.path, finding.message) for finding in foreseen.problems])


def refuse_remote(loaded: Loaded) -> None:
    """Raise ScenarioError where an upstream would listen on more than this machine's loopback."""
    if found := wildcard_listens(loaded.scenario):
        remedy = "is open to the network: run with --allow-remote if that is meant, or listen on 127.0.0.1"
        raise ScenarioError([loaded.problem(path, f'"{listen}" {remedy}') for path, listen in found])
