"""What a sample amounts to: the first rule that holds decides."""

from pocchaos.judging.facts import Facts
from pocchaos.judging.rules import RULES
from pocchaos.model.errors import HarnessError
from pocchaos.model.outcome import Outcome


class NotExhaustiveError(HarnessError):
    """Facts that no rule knows: a hole in our own table, never a default that passes."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(f"no rule of the outcome table knows what this is: {facts}")


def outcome(facts: Facts) -> Outcome:
    """What a sample with these facts amounts to; raises NotExhaustiveError where no rule speaks."""
    for rule in RULES:
        if found := rule(facts):
            return found
    raise NotExhaustiveError(facts)
