"""Toxiproxy's own toxics: what a scenario file writes, in Toxiproxy's units on the wire."""

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from pocchaos.faults import AnyToxic, Down, Fault, Visibility

READ: TypeAdapter[Any] = TypeAdapter(Fault)


def toxic(type_: str, attributes: dict[str, str], **more: object) -> AnyToxic:
    fault: AnyToxic = READ.validate_python({"type": type_, "upstream": "llm", "attributes": attributes, **more})
    return fault


WIRE = [
    ("latency", {"latency": "3s"}, {"latency": 3000, "jitter": 0}),
    ("latency", {"latency": "250ms", "jitter": "1.5s"}, {"latency": 250, "jitter": 1500}),
    ("latency", {"latency": "1m"}, {"latency": 60_000, "jitter": 0}),
    ("bandwidth", {"rate": "64kB/s"}, {"rate": 64}),
    ("bandwidth", {"rate": "1MB/s"}, {"rate": 1000}),
    ("slow_close", {"delay": "1.25s"}, {"delay": 1250}),
    ("timeout", {}, {"timeout": 0}),
    ("timeout", {"timeout": "2s"}, {"timeout": 2000}),
    ("reset_peer", {}, {"timeout": 0}),
    ("reset_peer", {"timeout": "40ms"}, {"timeout": 40}),
    ("slicer", {"average_size": "64B"}, {"average_size": 64, "size_variation": 0, "delay": 0}),
    (
        "slicer",
        {"average_size": "1kB", "size_variation": "512B", "delay": "10ms"},
        {"average_size": 1000, "size_variation": 512, "delay": 10_000},
    ),
    ("slicer", {"average_size": "1KiB", "delay": "250us"}, {"average_size": 1024, "size_variation": 0, "delay": 250}),
    ("limit_data", {"bytes": "512B"}, {"bytes": 512}),
    ("limit_data", {"bytes": "64kB"}, {"bytes": 64_000}),
]


@pytest.mark.parametrize(("type_", "attributes", "wire"), WIRE)
def test_attributes_go_over_the_wire_in_toxiproxys_units(
    type_: str, attributes: dict[str, str], wire: dict[str, int]
) -> None:
    """Milliseconds, but microseconds for `slicer.delay` and kB/s for `bandwidth.rate`."""
    fault = toxic(type_, attributes)
    assert dict(fault.wire()) == wire
    assert all(isinstance(value, int) for value in fault.wire().values())


def test_the_table_has_every_toxic_of_the_catalogue() -> None:
    assert {row[0] for row in WIRE} == {kind.model_fields["type"].default for kind in get_args(AnyToxic)}


@pytest.mark.parametrize(
    ("type_", "attributes", "said"),
    [
        ("latency", {"latency": "300us"}, "0.3ms is no whole number of milliseconds, in which Toxiproxy counts"),
        ("latency", {"latency": "1s", "jitter": "1.5ms"}, "write 2ms"),
        ("bandwidth", {"rate": "500B/s"}, "500B/s is no whole number of kB/s (1 kB is 1,000 bytes)"),
        ("bandwidth", {"rate": "64KiB/s"}, "write 66kB/s"),
        ("bandwidth", {"rate": "0B/s"}, "write 1kB/s"),
    ],
)
def test_what_toxiproxy_would_round_away_is_refused_with_what_to_write(
    type_: str, attributes: dict[str, str], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        toxic(type_, attributes)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "attributes",
    [
        {"average_size": "0B"},
        {"average_size": "10B", "size_variation": "40B"},
        {"average_size": "10B", "size_variation": "10B"},
    ],
)
def test_a_slicer_that_would_bring_the_server_down_is_refused(attributes: dict[str, str]) -> None:
    """The real server 2.12.0 ends with a panic on the first two; Toxiproxy asks for a variation below the average."""
    with pytest.raises(ValidationError, match=r"brings toxiproxy-server 2\.12 down"):
        toxic("slicer", attributes)


@pytest.mark.parametrize("missing", ["latency", "bandwidth", "slow_close", "slicer", "limit_data"])
def test_what_has_no_sensible_default_must_be_given(missing: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        toxic(missing, {})


@pytest.mark.parametrize("type_", ["latency", "timeout", "slicer"])
def test_an_unknown_attribute_is_refused(type_: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        toxic(type_, {"error_rate": "30%"})


@pytest.mark.parametrize(("written", "read"), [("30%", 0.3), (0.3, 0.3), ("0%", 0.0), (1, 1.0)])
def test_toxicity_is_a_share(written: object, read: float) -> None:
    assert toxic("timeout", {}, toxicity=written).toxicity == pytest.approx(read)


def test_a_toxic_is_downstream_and_whole_unless_it_says_otherwise() -> None:
    fault = toxic("timeout", {})
    assert (fault.stream, fault.toxicity) == ("downstream", 1.0)


@pytest.mark.parametrize(
    ("type_", "stream", "visible"),
    [
        ("timeout", "upstream", False),
        ("timeout", "downstream", True),
        ("reset_peer", "upstream", False),
        ("reset_peer", "downstream", True),
    ],
)
def test_what_stops_requests_before_the_stand_is_blind(type_: str, stream: str, visible: bool) -> None:
    expected = Visibility.VISIBLE if visible else Visibility.BLIND
    assert toxic(type_, {}, stream=stream).visibility is expected


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
@pytest.mark.parametrize(
    ("type_", "attributes"),
    [
        ("latency", {"latency": "1s"}),
        ("bandwidth", {"rate": "1kB/s"}),
        ("slow_close", {"delay": "1s"}),
        ("slicer", {"average_size": "1B"}),
        ("limit_data", {"bytes": "1B"}),
    ],
)
def test_what_only_slows_or_cuts_is_still_seen_at_the_stand(
    type_: str, attributes: dict[str, str], stream: str
) -> None:
    assert toxic(type_, attributes, stream=stream).visibility is Visibility.VISIBLE


def test_down_is_blind() -> None:
    assert Down(upstream="llm").visibility is Visibility.BLIND
