"""The live view's counts: the last five seconds, in order, and silence counted as silence."""

from collections.abc import Mapping

from pocchaos.conductor.progress import Tally, percentile
from pocchaos.files.batch import Batch
from pocchaos.load.process import LoadState
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


def state(at: int, sent: int) -> LoadState:
    return LoadState(alive=True, done=False, at=at, sent=sent)


def told(reports: Mapping[int, int]) -> Tally:
    tally = Tally()
    for at, sent in reports.items():
        tally.report(state(at, sent))
    return tally


TWENTY = range(0, 60_000_000, 50_000)  # due times of 20/s


def test_only_the_last_five_seconds_count() -> None:
    tally = Tally()
    tally.add(Batch(worker=0, number=0, samples=(sample(0, end=1_000_000), sample(1, end=9_000_000))))
    times, silent = tally.recent(10_000_000)
    assert times == (0.1,)
    assert silent == 0
    assert tally.recorded == 2


def test_what_is_in_flight_counts_as_started() -> None:
    """In a stall nothing ends; a generator that sends as planned is not to blame."""
    tally = told({at: at // 50_000 for at in range(-400_000, 20_000_000, 100_000) if at >= 0})
    assert tally.rates(TWENTY, 20_000_000) == (20.0, 20.0)


def test_a_load_that_falls_behind_is_told() -> None:
    tally = told({at: at // 100_000 for at in range(0, 20_000_000, 100_000)})
    assert tally.rates(TWENTY, 20_000_000) == (20.0, 10.0)


def test_a_load_that_says_nothing_more_counts_as_standing_still() -> None:
    tally = told({at: at // 50_000 for at in range(0, 10_100_000, 100_000)})
    offered, achieved = tally.rates(TWENTY, 13_000_000)
    assert (offered, achieved) == (20.0, 10.0)  # half of the last five seconds
    assert tally.rates(TWENTY, 30_000_000) == (20.0, 0.0)


def test_there_is_no_rate_before_there_is_anything_to_tell() -> None:
    assert told({}).rates(TWENTY, -500_000) == (None, None)
    assert told({100_000: 2}).rates(TWENTY, 150_000) == (None, None)
    assert told({900_000: 18}).rates(TWENTY, 1_000_000) == (20.0, 20.0)


def test_errors_and_deadlines_are_shares_without_an_answer_and_in_no_percentile() -> None:
    tally = Tally()
    bad = (sample(1, end=900_000, status=503), sample(2, end=900_000, status=None, how=How.DEADLINE))
    tally.add(Batch(worker=0, number=0, samples=(sample(0, end=900_000), *bad)))
    times, silent = tally.recent(1_000_000)
    assert len(times) == 1
    assert silent == 2 / 3


def test_before_anything_ended_there_is_no_share_and_no_percentile() -> None:
    times, silent = Tally().recent(0)
    assert silent is None
    assert percentile(times, 0.95) is None
    assert percentile((1.0, 2.0, 3.0), 0.99) == 3.0
