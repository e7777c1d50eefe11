"""The live view's counts: the last five seconds, in order, and silence counted as silence."""

from pocchaos.conductor.progress import Tally, percentile
from pocchaos.files.batch import Batch
from pocchaos.model.evidence import How, Sample


def sample(number: int, *, end: int | None, status: int | None = 200, how: How = How.COMPLETE) -> Sample:
    return Sample(
        request=number,
        due=end - 100_000 if end else 0,
        start=end - 90_000 if end else None,
        end=end,
        how=how,
        status=status,
    )


def test_only_the_last_five_seconds_count() -> None:
    tally = Tally()
    tally.add(Batch(worker=0, number=0, samples=(sample(0, end=1_000_000), sample(1, end=9_000_000))))
    rate, times, silent = tally.recent(10_000_000)
    assert rate == 1 / 5
    assert times == (0.1,)
    assert silent == 0
    assert tally.recorded == 2


def test_errors_and_deadlines_are_shares_without_an_answer_and_in_no_percentile() -> None:
    tally = Tally()
    bad = (sample(1, end=900_000, status=503), sample(2, end=900_000, status=None, how=How.DEADLINE))
    tally.add(Batch(worker=0, number=0, samples=(sample(0, end=900_000), *bad)))
    _, times, silent = tally.recent(1_000_000)
    assert len(times) == 1
    assert silent == 2 / 3


def test_before_anything_ended_there_is_no_share_and_no_percentile() -> None:
    _, times, silent = Tally().recent(0)
    assert silent is None
    assert percentile(times, 0.95) is None
    assert percentile((1.0, 2.0, 3.0), 0.99) == 3.0
