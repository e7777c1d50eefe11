"""The spec that travels down the pipe."""

from array import array
from dataclasses import replace

import pytest

from pocchaos.load.calls import Calls
from pocchaos.load.spec import decode_spec, encode_spec, peak_rate, pool_for
from pocchaos.scenario.plan import InputRow, Mutation
from tests.load.conftest import OPENAI, spec


def test_a_spec_comes_back_as_it_was() -> None:
    """Also its malformed inputs, for which the plan drew how they are spoiled."""
    one = spec("http://host:81/api", "/chat", [0, 1.5], answer=OPENAI, secrets=("s",), keep_headers=("x-a",))
    spoiled = InputRow(
        id="m1", category="malformed", expect="answer", fields={"n": 1}, mutation=Mutation(kind="truncated", draw=7)
    )
    one = replace(one, redact={"T": "v"}, plan=replace(one.plan, inputs=(*one.plan.inputs, spoiled)))
    assert decode_spec(encode_spec(one)) == one


def test_it_is_one_line() -> None:
    assert encode_spec(spec("http://host", "/a\nb", [0])).count(b"\n") == 1


def test_the_process_sends_what_the_parent_would() -> None:
    """Whoever sends a single request by another client sends the same."""
    one = spec("http://host:81/api", "/chat", [0])
    sent = Calls(one).outgoing(0, 0, -3)
    assert (sent.method, sent.path, sent.body) == ("POST", "/api/chat", b'{"q":"wann?"}')
    assert ("authorization", "Bearer token-acme") in sent.headers
    assert ("x-request-id", "ab12--3") in sent.headers
    message = Calls(decode_spec(encode_spec(one))).message(0, 0, -3)
    assert message.endswith(b'\r\n\r\n{"q":"wann?"}')
    assert b"\r\nx-request-id: ab12--3\r\n" in message


@pytest.mark.parametrize(("rate", "deadline", "places"), [(200, 3, 720), (0.5, 1, 8), (7, 2.5, 21)])
def test_the_pool_holds_all_that_a_hung_target_lets_pile_up(rate: float, deadline: float, places: int) -> None:
    assert pool_for(rate, deadline) == places


def test_the_peak_rate_is_that_of_the_busiest_window() -> None:
    due = array("q", [0, 500_000, 2_000_000, 2_100_000, 2_900_000, 5_000_000])
    assert peak_rate(due) == 3
    assert peak_rate(due, window=2_000_000) == 1.5
    assert peak_rate(array("q")) == 0
