"""The open model: requests leave when they are due, whatever became of those before them."""

from collections.abc import Callable

from pocchaos.load.process import Load
from pocchaos.load.spec import LoadSpec
from pocchaos.model.evidence import How
from tests.load.conftest import Recording, Server, spec, until

Send = Callable[[LoadSpec], Recording]
Running = Callable[[LoadSpec], tuple[Load, Recording]]


def test_a_frozen_target_does_not_hold_back_what_is_due(running: Running, server: Server) -> None:
    """A client that waits for answers would send one request: the outage would cost one bad figure instead of forty."""
    load, recording = running(spec(server.url, "/frozen", range(0, 800, 20), deadline=30.0))
    until(lambda: server.asked("/frozen") == 40)
    server.thawed.set()
    load.wait(30)
    assert [sample.how for sample in recording.samples] == [How.COMPLETE] * 40


def test_the_load_counts_what_has_left_though_nothing_was_answered(running: Running, server: Server) -> None:
    """The live view reads it: a target that stalls must not look like a generator that does."""
    load, _ = running(spec(server.url, "/frozen", range(0, 800, 20), deadline=30.0))
    until(lambda: load.poll().sent == 40)
    state = load.poll()
    server.thawed.set()
    assert (state.ended, state.in_flight) == (0, 40)
    assert 780_000 <= state.at < 20_000_000  # µs since the origin


def test_a_full_pool_is_said_and_not_waited_for(send: Send, server: Server) -> None:
    samples = send(spec(server.url, "/never", range(0, 200, 20), pool=3, deadline=2.0)).samples
    assert [sample.how for sample in samples] == [How.DEADLINE] * 3 + [How.NOT_SENT] * 7
    assert all(sample.start is None for sample in samples[3:])
    assert server.asked("/never") == 3


def test_every_request_of_the_plan_is_a_sample(send: Send, server: Server) -> None:
    samples = send(spec(server.url, "/ok", range(500))).samples
    assert [sample.request for sample in samples] == list(range(500))


def test_the_drain_lasts_until_the_last_request_had_its_time(send: Send, server: Server) -> None:
    """The last request has the same right to its deadline as the first."""
    samples = send(spec(server.url, "/never", [0, 300], deadline=0.8)).samples
    assert [sample.how for sample in samples] == [How.DEADLINE] * 2


def test_stop_sends_nothing_more_and_drains(running: Running, server: Server) -> None:
    """What was not due yet is no sample: the plan tells that it was never sent."""
    load, recording = running(spec(server.url, "/frozen", range(0, 60_000, 50), deadline=20.0))
    until(lambda: load.poll().in_flight > 2)
    load.stop()
    server.thawed.set()
    state = load.wait(30)
    assert state.done
    assert state.sent == len(recording.samples) < 1000
    assert {sample.how for sample in recording.samples} == {How.COMPLETE}


def test_stop_before_the_first_request(running: Running, server: Server) -> None:
    load, recording = running(spec(server.url, "/ok", [30_000]))
    load.stop()
    load.wait(10)
    assert recording.samples == []
    assert server.requests == []
