"""What a scenario must be beyond its grammar, and what needs no plan to be seen. Pure.

Each rule is a function from a draft (a scenario of which parts may be broken) to findings; to add one is to add a
function and a line below.
"""

from collections.abc import Callable, Iterator
from typing import Final

from pocchaos.scenario.draft import Draft, draft_of
from pocchaos.scenario.extent import extent
from pocchaos.scenario.finding import Finding
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.rules.criteria import criteria
from pocchaos.scenario.rules.evidence import evidence
from pocchaos.scenario.rules.inputs import assertion_findings, inputs, load, tenants
from pocchaos.scenario.rules.stages import faults, neighbours, stages
from pocchaos.scenario.rules.target import target
from pocchaos.scenario.rules.templates import differences, templates
from pocchaos.scenario.rules.upstreams import remote_origins, upstreams, wildcard_listens

Rule = Callable[[Draft], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    target,
    upstreams,
    tenants,
    inputs,
    load,
    stages,
    faults,
    neighbours,
    extent,
    criteria,
    evidence,
    templates,
    differences,
)


def check_rules(scenario: Scenario) -> list[tuple[str, str]]:
    """(path, message) of everything that no run could make good; empty where the scenario may be planned."""
    return [(finding.path, finding.message) for finding in check_draft(draft_of(scenario))]


def check_draft(draft: Draft) -> list[Finding]:
    """The same for a file of which parts could not be read."""
    return [finding for rule in RULES for finding in rule(draft)]


__all__ = [
    "RULES",
    "assertion_findings",
    "check_draft",
    "check_rules",
    "remote_origins",
    "wildcard_listens",
]
