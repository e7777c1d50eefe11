"""Each tenant's own documents, in every store, and what happens when a store is away."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.reference.conftest import GLOBEX, Ask, Start
from tests.reference.relay import Relay, relayed
from tests.reference.stores import postgres, postgres_programs, redis
from tests.reference.test_answers import FACT, QUESTION

BOATHOUSE = {"id": "boat", "title": "Door code of the boathouse", "text": "The boathouse door opens with 4471."}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """URLs of the servers that are installed here."""
    with ExitStack() as stack:
        urls = {}
        if programs := postgres_programs():
            urls["postgres"] = stack.enter_context(postgres(tmp_path_factory.mktemp("postgres"), programs))
        if shutil.which("redis-server"):
            urls["redis"] = stack.enter_context(redis(tmp_path_factory.mktemp("redis")))
        yield urls


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
def store_url(request: pytest.FixtureRequest, servers: dict[str, str], tmp_path: Path) -> str:
    kind: str = request.param
    urls = {"memory": ":memory:", "sqlite": f"sqlite:///{tmp_path / 'documents.db'}", **servers}
    if kind not in urls:
        pytest.skip(f"{kind} is not installed here")
    return urls[kind]


@pytest.fixture
def poc(start: Start, store_url: str) -> Iterator[httpx.Client]:
    """The POC over each store, emptied afterwards."""
    client = start(STORE_URL=store_url)
    yield client
    for headers in ({}, GLOBEX):
        for each in client.get("/v1/documents", headers=headers).json()["documents"]:
            client.delete(f"/v1/documents/{each['id']}", headers=headers)


def test_a_document_can_be_kept_listed_read_replaced_and_deleted(poc: httpx.Client) -> None:
    assert poc.post("/v1/documents", json=BOATHOUSE).status_code == 201
    assert poc.get("/v1/documents").json() == {"documents": [{"id": "boat", "title": BOATHOUSE["title"]}]}
    assert poc.get("/v1/documents/boat").json() == BOATHOUSE
    changed = {**BOATHOUSE, "text": "The boathouse door opens with 9926."}
    poc.post("/v1/documents", json=changed)
    assert poc.get("/v1/documents/boat").json() == changed
    assert poc.delete("/v1/documents/boat").status_code == 204
    assert poc.delete("/v1/documents/boat").status_code == 404
    assert poc.get("/v1/documents/boat").status_code == 404


def test_without_an_id_one_is_made(poc: httpx.Client) -> None:
    made = poc.post("/v1/documents", json={"title": "A", "text": "B — ünï"}).json()["id"]
    assert poc.get(f"/v1/documents/{made}").json()["text"] == "B — ünï"


def test_another_tenants_document_is_as_unknown_as_one_that_never_was(poc: httpx.Client) -> None:
    poc.post("/v1/documents", json=BOATHOUSE)
    theirs = poc.get("/v1/documents/boat", headers=GLOBEX)
    never = poc.get("/v1/documents/none", headers=GLOBEX)
    assert (theirs.status_code, theirs.json()) == (never.status_code, never.json()) == (404, never.json())
    assert poc.get("/v1/documents", headers=GLOBEX).json() == {"documents": []}
    assert poc.delete("/v1/documents/boat", headers=GLOBEX).status_code == 404
    poc.post("/v1/documents", json={**BOATHOUSE, "text": "Theirs."}, headers=GLOBEX)
    assert poc.get("/v1/documents/boat").json() == BOATHOUSE


def test_a_tenants_own_documents_are_answered_from_and_nobody_elses(poc: httpx.Client) -> None:
    poc.post("/v1/documents", json=BOATHOUSE)
    question = {"question": "What is the door code of the boathouse?"}
    assert "4471" in poc.post("/v1/answer", json=question).json()["answer"]
    assert "4471" not in poc.post("/v1/answer", json=question, headers=GLOBEX).text


def test_many_at_once_do_not_mix_tenants_up(poc: httpx.Client) -> None:
    poc.post("/v1/documents", json=BOATHOUSE)
    poc.post("/v1/documents", json={**BOATHOUSE, "text": "Theirs."}, headers=GLOBEX)

    def read(number: int) -> tuple[bool, str]:
        headers = GLOBEX if number % 2 else {}
        return bool(number % 2), poc.get("/v1/documents/boat", headers=headers).json()["text"]

    with ThreadPoolExecutor(16) as readers:
        for theirs, text in readers.map(read, range(100)):
            assert text == ("Theirs." if theirs else BOATHOUSE["text"])


def test_a_tenant_has_room_for_a_hundred(poc: httpx.Client) -> None:
    for number in range(100):
        poc.post("/v1/documents", json={"id": f"d{number}", "title": "A", "text": "B"})
    full = poc.post("/v1/documents", json=BOATHOUSE)
    assert (full.status_code, full.json()["error"]["code"]) == (409, "too_many")
    assert poc.post("/v1/documents", json={"id": "d7", "title": "A", "text": "C"}).status_code == 201


@pytest.mark.parametrize("body", [{}, {"title": "A"}, {"title": "A", "text": 7}, {"id": "", "title": "A", "text": "B"}])
def test_a_malformed_document_is_a_readable_422(poc: httpx.Client, body: dict[str, object]) -> None:
    response = poc.post("/v1/documents", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "bad_field")


@pytest.fixture(params=["postgres", "redis"])
def through(request: pytest.FixtureRequest, servers: dict[str, str]) -> Iterator[tuple[Relay, str]]:
    kind: str = request.param
    if kind not in servers:
        pytest.skip(f"{kind} is not installed here")
    with relayed(servers[kind]) as found:
        yield found


def test_a_store_that_falls_silent_costs_a_moment_and_comes_back(start: Start, through: tuple[Relay, str]) -> None:
    """Calls that were given up must leave nothing behind that the next ones wait for."""
    relay, url = through
    ask = Ask(start(STORE_URL=url, STORE_TIMEOUT="0.3"))
    assert not ask(QUESTION).json()["degraded"]
    relay.silent = True
    for _ in range(12):
        began = time.monotonic()
        response = ask(QUESTION)
        assert time.monotonic() - began < 3.0
        assert response.headers["x-degraded"] == "without-own-documents"
        assert FACT in response.json()["answer"]
        assert ask.client.get("/healthz").status_code == 200
    documents = ask.client.get("/v1/documents")
    assert (documents.status_code, documents.json()["error"]["code"]) == (503, "store_away")
    relay.silent = False
    deadline = time.monotonic() + 3
    while ask(QUESTION).json()["degraded"]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("url", ["postgresql://poc@127.0.0.1:9/poc", "redis://127.0.0.1:9/0"])
def test_a_store_that_refuses_connections_is_a_clean_503(start: Start, url: str) -> None:
    """The assistant starts without its store, and says what is missing."""
    client = start(STORE_URL=url)
    response = client.get("/v1/documents")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert Ask(client)(QUESTION).headers["x-degraded"] == "without-own-documents"


def test_sqlite_keeps_documents_over_a_restart(start: Start, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    start(STORE_URL=url).post("/v1/documents", json=BOATHOUSE)
    assert start(STORE_URL=url).get("/v1/documents/boat").json() == BOATHOUSE
