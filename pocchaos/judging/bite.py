"""Proof of bite: was a fault really in the way of the target's calls, in each cycle?

Read-back, crossings, and the counterfactual: what the baseline predicts for the window. A fault that is not
proven to have bitten makes every criterion on it INCONCLUSIVE; grace without an outage is no grace.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pocchaos.faults import StandFault, Toxic
from pocchaos.judging.crossings import Counts, Evidence, Gone, counted
from pocchaos.judging.edges import Turn
from pocchaos.judging.read_back import as_asked
from pocchaos.model.units import show_seconds, show_share
from pocchaos.model.verdict import Bite
from pocchaos.scenario.plan import FaultWindow
from pocchaos.statistics.beta import binomial_at_most

ENOUGH: Final = 10  # predicted attempts below which an absence of attempts says nothing
STRAY: Final = 1  # attempts that may slip through a blind fault at its edges
HALF: Final = 0.5
CALLING: Final = 0.25  # of those predicted right before a blind fault: an open breaker lets fewer through
IMPROBABLE: Final = 0.001


class Doubt(NamedTuple):
    """Why a fault is not proven to have bitten, and what to do about it."""

    why: str
    remedy: str


AGAIN: Final = "run it again; where it happens again, the reason is in logs/"


def prove(window: FaultWindow, happened: tuple[Turn, ...], evidence: Evidence) -> Bite:
    """Whether this fault bit in this cycle, and by what; the on-times of one `flap` count together."""
    counts = counted(window, happened, evidence)
    doubt = next((said for ask in DOUBTS if (said := ask(counts))), None)
    if doubt is not None and counts.gone is not None:
        doubt = target_gone(counts.gone)
    stage = evidence.plan.stages[window.stage]
    first, last = happened[0], happened[-1]
    return Bite(
        id=window.id,
        window=window.key,
        cycle=window.cycle,
        upstream=window.fault.upstream,
        type=window.fault.kind,
        stage=stage.name,
        planned=(window.spans[0][0] / 1e6, window.spans[-1][1] / 1e6),
        confirmed=(_seconds(first.on), _seconds(last.off)),
        spans=tuple((turn.on / 1e6, _seconds(turn.off)) for turn in happened if turn.on is not None),
        visible=not counts.blind,
        bitten=doubt is None,
        why=doubt.why if doubt else _proof(counts),
        remedy=doubt.remedy if doubt else "",
        predicted=counts.predicted,
        arrived=counts.arrived,
        eligible=counts.eligible,
        marked=counts.marked,
    )


def never_on(counts: Counts) -> Doubt | None:
    """Its edge never came: the run ended before, or the part that makes it did not confirm."""
    if counts.on:
        return None
    return Doubt("it was never confirmed on: the run ended before it, or its edge failed", AGAIN)


def sometimes_on(counts: Counts) -> Doubt | None:
    """A flap of which some on-times left no mark: nobody knows what happened in them."""
    confirmed = sum(turn.on is not None for turn in counts.happened)
    if confirmed >= counts.due:
        return None
    return Doubt(f"only {confirmed} of {counts.due} on-times were confirmed", AGAIN)


def read_back_differs(counts: Counts) -> Doubt | None:
    """Toxiproxy must show what was asked for; the stand confirms its own faults itself."""
    missing = sum(
        1 for turn in counts.happened if turn.on is not None and not as_asked(counts.window.fault, turn.read_back)
    )
    if not missing:
        return None
    return Doubt(f"the server did not read back what was set ({missing} of {len(counts.on)} times)", AGAIN)


def no_baseline(counts: Counts) -> Doubt | None:
    """Without a baseline nothing can be predicted."""
    if counts.predicted is not None:
        return None
    return Doubt("the baseline has no judged window with requests: nothing can be predicted", "lengthen the baseline")


def not_used(counts: Counts) -> Doubt | None:
    """The target does not call this upstream, and the scenario allows that."""
    if not (counts.unused_ok and (counts.unused or not counts.predicted) and not counts.arrived):
        return None
    upstream = counts.window.fault.upstream
    return Doubt(
        f"the target did not call {upstream} (unused_ok): a fault on it proves nothing",
        f"send inputs that make the target call {upstream}, or drop the claims on its faults",
    )


def too_few_predicted(counts: Counts) -> Doubt | None:
    """A cache or an open breaker: the target would hardly have called in the window anyway."""
    if counts.predicted is None or counts.predicted >= ENOUGH:
        return None
    return Doubt(
        f"the baseline predicts {counts.predicted:.1f} attempts for the window, and {ENOUGH} are needed",
        "raise the load, vary the inputs (a cache?) or lengthen the fault",
    )


def drawn_unseen(counts: Counts) -> Doubt | None:
    """A toxic that is drawn per connection: read back, but whether any connection drew it is not known."""
    fault = counts.window.fault
    if not isinstance(fault, Toxic) or fault.toxicity >= 1:
        return None
    return Doubt(
        f"its effect was not seen: at toxicity {show_share(fault.toxicity)} it is a draw per connection "
        "that nobody checked",
        "say toxicity 100%",
    )


def not_blind_after_all(counts: Counts) -> Doubt | None:
    """Under a blind fault the stand must fall silent."""
    if not counts.blind or counts.arrived <= STRAY:
        return None
    return Doubt(
        f"{counts.arrived} attempts reached the stand although {counts.window.fault.kind} stops them before it", AGAIN
    )


def stopped_before(counts: Counts) -> Doubt | None:
    """Under a blind fault silence proves nothing if the target had fallen silent before it."""
    if not counts.blind or counts.before is None:
        return None
    predicted, arrived = counts.before
    if arrived >= CALLING * predicted:
        return None
    return Doubt(
        f"the target had stopped calling {counts.window.fault.upstream} before it came on ({arrived} attempts in the "
        f"time in which {predicted:.0f} were predicted): a breaker was open",
        "lengthen the rest before it",
    )


def met_no_attempt(counts: Counts) -> Doubt | None:
    """A visible fault that no attempt met."""
    if counts.blind or counts.arrived:
        return None
    return Doubt(
        f"no attempt reached {counts.window.fault.upstream} while it was on ({counts.predicted or 0:.0f} predicted): "
        "a cache or an open breaker stands before it",
        "vary the inputs, or lengthen the rest before it",
    )


def none_marked(counts: Counts) -> Doubt | None:
    """A stand fault that touched nothing of what arrived."""
    if not isinstance(counts.window.fault, StandFault) or counts.marked:
        return None
    return Doubt(
        f"{counts.arrived} attempts arrived and the stand marked none of them",
        "raise error_rate, or lengthen the fault",
    )


def draws_improbable(counts: Counts) -> Doubt | None:
    """Fewer drawn than half of what error_rate says is bad luck or ours: ours if luck would hardly do that."""
    fault = counts.window.fault
    if not isinstance(fault, StandFault):
        return None
    rate = fault.error_rate
    met = f"{counts.marked} of {counts.eligible} eligible attempts at error_rate {show_share(rate)}"
    if counts.eligible >= ENOUGH and binomial_two_sided(counts.marked, counts.eligible, rate) < IMPROBABLE:
        return Doubt(f"harness error: the stand marked {met}", AGAIN)
    if counts.marked < HALF * rate * counts.eligible:
        return Doubt(f"too few eligible attempts met it: {met}", "raise the load")
    return None


def target_gone(gone: Gone) -> Doubt:
    """The target had ended: whatever else is missing, that is why."""
    return Doubt(
        f"the target had ended with exit code {gone.code} at {show_seconds(gone.at / 1e6)}",
        "mend what ended it: its last words are in logs/target.log",
    )


DOUBTS: Final[tuple[Callable[[Counts], Doubt | None], ...]] = (
    never_on,
    sometimes_on,
    read_back_differs,
    no_baseline,
    not_used,
    too_few_predicted,
    drawn_unseen,
    not_blind_after_all,
    stopped_before,
    met_no_attempt,
    none_marked,
    draws_improbable,
)


def binomial_two_sided(k: int, n: int, p: float) -> float:
    """The chance of a count at least as far out as `k` of `n`: twice the smaller tail, at most 1.

    Source: Clopper and Pearson 1934 (equal tails), from the exact distribution.
    """
    if p <= 0 or p >= 1:
        return 1.0 if k == (n if p >= 1 else 0) else 0.0
    return min(1.0, 2 * min(binomial_at_most(k, n, p), 1 - binomial_at_most(k - 1, n, p)))


def _proof(counts: Counts) -> str:
    predicted = f"{counts.predicted or 0:.0f} predicted"
    match counts.window.fault:
        case StandFault() as fault:
            said = f"{counts.marked} of {counts.arrived} attempts met it ({predicted})"
            if fault.error_rate < 1 or counts.eligible != counts.arrived:
                said += f", {counts.eligible} were eligible at error_rate {show_share(fault.error_rate)}"
        case _ if counts.blind:
            return f"read back, and {counts.arrived} attempts reached the stand ({predicted})"
        case _:
            said = f"read back, and {counts.arrived} attempts crossed it ({predicted})"
    if counts.predicted and counts.arrived < HALF * counts.predicted:
        said += "; fewer because the target stopped asking: a breaker"
    return said


def _seconds(value: int | None) -> float | None:
    return None if value is None else value / 1e6
