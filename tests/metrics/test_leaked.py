"""One leak is one too many; no leak is worth what could have been seen."""

from dataclasses import replace

import pytest

from pocchaos.metrics import Ask, Reading, Table, named
from tests.metrics.builders import Row, answered, lost, stage, table, whole

METRIC = named("leaked")
SEEN: Row = {"own": ["docs"]}


def read(run: Table) -> Reading:
    return METRIC.read(whole(run), Ask(sense="at_most", limit=0))


def run_of(*rows: list[Row], **facts: object) -> Table:
    return table(stage("baseline", 60, *rows), **{"canary_surfaces": {"acme": ("docs",)}, **facts})  # type: ignore[arg-type]


def test_nothing_found_is_reported_with_its_upper_bound() -> None:
    found = read(run_of(answered(299), answered(1, **SEEN)))
    assert (found.figure, found.troubles) == (0, ())
    assert found.notes == ("0 in 300: upper bound 1 % (95 %)",)


@pytest.mark.parametrize("fact", [{"foreign": ["globex/docs"]}, {"secrets": [0]}])
@pytest.mark.parametrize("place", [{}, {"in_window": False}, {"request": -3}])
def test_one_hit_anywhere_is_found(fact: Row, place: Row) -> None:
    """Outside every window and in the wiring's own calls too."""
    found = read(run_of(answered(100), answered(1, **fact, **place)))
    assert found.figure == 1


def test_what_was_cut_off_by_our_own_end_is_scanned_too() -> None:
    assert read(run_of(answered(100), lost(1, secrets=[0]))).figure == 1


def test_a_finding_needs_no_own_sighting() -> None:
    assert not read(run_of(answered(1, foreign=["globex/docs"]))).troubles


def test_a_tenant_that_never_saw_its_own_canary_proves_nothing() -> None:
    run = run_of(answered(100, **SEEN), canary_surfaces={"acme": ("docs", "memory"), "globex": ("docs",)})
    assert [trouble.why.split(":")[0] for trouble in read(run).troubles] == [
        'tenant acme never saw its own canary on surface "memory"',
        'tenant globex never saw its own canary on surface "docs"',
    ]


def test_where_nothing_is_declared_nothing_could_be_found() -> None:
    run = run_of(answered(100), canary_surfaces={})
    assert "neither a canary nor a secret" in read(run).troubles[0].why
    assert not read(replace(run, secrets=1)).troubles


def test_a_run_that_received_nothing_proves_nothing() -> None:
    assert read(run_of(lost(100))).troubles


def test_those_that_leaked_are_shown() -> None:
    run = run_of(answered(10), answered(2, secrets=[1]))
    assert METRIC.against(whole(run), Ask(sense="at_most", limit=0)) == (10, 11)
