"""What is said where an upstream is not reached: the address to set, and where to set it."""

from array import array
from collections.abc import Mapping
from pathlib import Path

import pytest

from pocchaos.conductor.wiring import PER_CATEGORY, prove
from pocchaos.files.scenario import read_scenario
from pocchaos.model.errors import WiringError
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.plan import InputRow, Plan, PlannedStage, Requests

ADDRESSES = {"llm": {"url": "http://127.0.0.1:18001", "host": "127.0.0.1", "port": 18001}}


def scenario(folder: Path, *, start: str = "", upstream: str = 'origin: "http://127.0.0.1:9"') -> Scenario:
    (folder / "questions.jsonl").write_text('{"id": "q", "text": "why"}\n')
    path = folder / "one.yaml"
    path.write_text(
        f"""
version: 1
name: one
target:
  url: http://127.0.0.1:8080
  {start}
  request: {{method: POST, path: /ask, json: {{q: "${{input.text}}"}}}}
upstreams: {{llm: {{{upstream}}}}}
inputs: [{{file: questions.jsonl, category: in_scope, share: 100%, assert: [{{type: not-empty}}]}}]
load: {{arrival: constant, rate: 5/s}}
stages: [{{name: baseline, duration: 30s}}]
criteria: [{{id: q, stage: baseline, metric: answered, at_least: 50%}}]
"""
    )
    return read_scenario(path, env={}).scenario


def plan(*categories: str, each: int = 30) -> Plan:
    inputs = tuple(
        InputRow(id=f"{category}-{k}", category=category, expect="answer", fields={})
        for category in categories
        for k in range(each)
    )
    stage = PlannedStage(
        index=0, name="baseline", cycle=0, start=0, end=1, settle=0, windows=(), own_load=False, guarded=False
    )
    return Plan(
        seed=0,
        stages=(stage,),
        windows=(),
        edges=(),
        tenants=("default",),
        inputs=inputs,
        requests=Requests(due=array("q"), stage=array("q"), tenant=array("q"), input=array("q")),
    )


class Chain:
    """Counts as the stand does: the upstream is asked from the nth input on."""

    def __init__(self, reached_at: int = 10**9) -> None:
        self._at = reached_at
        self.sent: list[str] = []

    def send(self, row: InputRow, tenant: str, number: int) -> str:
        del tenant, number
        self.sent.append(row.category)
        return "status 401"

    def counts(self) -> Mapping[str, int]:
        return {"llm": 7 + (len(self.sent) >= self._at)}


def failure(of: Scenario, chain: Chain) -> str:
    with pytest.raises(WiringError) as found:
        prove(of, plan("in_scope", "malformed"), send=chain.send, counts=chain.counts, addresses=ADDRESSES)
    return str(found.value)


def test_it_stops_asking_as_soon_as_everything_was_reached(tmp_path: Path) -> None:
    chain = Chain(reached_at=3)
    unused = prove(scenario(tmp_path), plan("in_scope"), send=chain.send, counts=chain.counts, addresses=ADDRESSES)
    assert unused == ()
    assert len(chain.sent) == 3


def test_it_sends_twenty_of_each_category_and_no_more(tmp_path: Path) -> None:
    chain = Chain()
    failure(scenario(tmp_path), chain)
    assert chain.sent.count("in_scope") == chain.sent.count("malformed") == PER_CATEGORY


def test_the_answers_of_the_target_are_told_for_they_may_explain_it(tmp_path: Path) -> None:
    assert "40 × status 401" in failure(scenario(tmp_path), Chain())


def test_a_target_that_we_start_is_pointed_there_in_its_environment(tmp_path: Path) -> None:
    said = failure(scenario(tmp_path, start="start: {command: [poc]}"), Chain())
    assert 'target.start.env, such as LLM_URL: "${upstreams.llm.url}"' in said


def test_a_tcp_upstream_is_named_by_host_and_port(tmp_path: Path) -> None:
    tcp = 'origin: "tcp://127.0.0.1:9"'
    said = failure(scenario(tmp_path, start="start: {command: [poc]}", upstream=tcp), Chain())
    assert '"${upstreams.llm.host}:${upstreams.llm.port}"' in said


def test_a_running_target_is_pointed_at_the_fixed_address(tmp_path: Path) -> None:
    fixed = 'origin: "http://127.0.0.1:9", listen: "127.0.0.1:18001"'
    said = failure(scenario(tmp_path, upstream=fixed), Chain())
    assert "the target's own configuration to http://127.0.0.1:18001" in said


def test_a_running_target_needs_an_address_that_stays(tmp_path: Path) -> None:
    said = failure(scenario(tmp_path), Chain())
    assert "set upstreams.llm.listen to an address that stays, such as 127.0.0.1:18001" in said


def test_an_upstream_that_may_be_left_alone_is_returned(tmp_path: Path) -> None:
    may = scenario(tmp_path, upstream='origin: "http://127.0.0.1:9", unused_ok: true')
    chain = Chain()
    unused = prove(may, plan("in_scope"), send=chain.send, counts=chain.counts, addresses=ADDRESSES)
    assert unused == ("llm",)
