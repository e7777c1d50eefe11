"""`relay: false`: nothing of ours stands in the database's way, and its faults are proven by its connections."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Ended, ran
from tests.e2e.scenarios import quick, started, write

pytestmark = pytest.mark.slow

DOWN = {"upstream": "db", "type": "down"}


def bare(llm: str, database: str, **start: str) -> dict[str, Any]:
    """Twenty-three seconds before and twelve with the database away."""
    return quick(
        llm,
        start=started(**start),
        upstreams={"llm": {"origin": llm}, "db": {"origin": database, "relay": False}},
        load={"arrival": "constant", "rate": "20/s"},
        stages=[{"name": "baseline", "duration": "23s"}, {"name": "away", "duration": "12s", "faults": [DOWN]}],
        criteria=[{"id": "graceful", "stage": "away", "metric": "graceful", "at_least": "75%"}],
    )


@pytest.fixture(scope="module")
def pooled(llm: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    at = tmp_path_factory.mktemp("bare")
    address = "${upstreams.db.host}:${upstreams.db.port}"
    return ran("run", write(at, bare(llm, database, DB_ADDR=address, POOL="1")), at=at)


def test_an_outage_is_proven_by_the_connections_that_are_gone(pooled: Ended) -> None:
    assert pooled.code == 0, pooled.told()
    (fault,) = pooled.verdicts["faults"]
    assert fault["bitten"], fault
    assert fault["predicted"] >= 10
    assert fault["arrived"] <= 1


def test_the_report_says_how_coarse_that_is(pooled: Ended) -> None:
    assert "single calls at db: it has no relay" in (pooled.run / "report.md").read_text()


def test_a_database_that_is_never_called_is_found_before_the_first_stage(
    llm: str, database: str, tmp_path: Path
) -> None:
    ended = ran("run", write(tmp_path, bare(llm, database)), at=tmp_path)
    assert ended.code == 2, ended.told()
    assert "nothing reached db" in ended.err
