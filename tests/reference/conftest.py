"""The reference POC on a free port, with a stub of a language model behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from pocchaos.reference.app import create_app
from pocchaos.reference.settings import read_settings
from tests.reference.model import Model, served, serving_model

ACME = {"authorization": "Bearer acme-demo-token"}
GLOBEX = {"authorization": "Bearer globex-demo-token"}

Start = Callable[..., httpx.Client]


class Ask:
    """A question put to the POC, and what it takes to put it."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def __call__(self, question: str, **more: Any) -> httpx.Response:
        return self.client.post("/v1/answer", json={"question": question, **more})


@pytest.fixture(scope="session")
def shared_model() -> Iterator[Model]:
    """One stub for all tests; `model` hands it out well-behaved and forgetful."""
    with serving_model() as model:
        yield model


@pytest.fixture
def model(shared_model: Model) -> Model:
    shared_model.mode = "well"
    shared_model.retry_after = None
    shared_model.asked.clear()
    return shared_model


@pytest.fixture
def start(model: Model) -> Iterator[Start]:
    """Start the POC with settings of the environment; the client speaks as acme."""
    with ExitStack() as stack:

        def started(**env: str) -> httpx.Client:
            app = create_app(read_settings({"LLM_BASE_URL": model.url, **env}))
            url = stack.enter_context(served(app))
            return stack.enter_context(httpx.Client(base_url=url, headers=ACME, timeout=10, trust_env=False))

        yield started


@pytest.fixture(scope="session")
def shared_poc(shared_model: Model) -> Iterator[httpx.Client]:
    """One POC as it comes, for the tests that leave nothing behind in it."""
    app = create_app(read_settings({"LLM_BASE_URL": shared_model.url}))
    with served(app) as url, httpx.Client(base_url=url, headers=ACME, timeout=10, trust_env=False) as client:
        yield client


@pytest.fixture
def poc(shared_poc: httpx.Client, model: Model) -> httpx.Client:
    """The POC as it comes, its model being well."""
    assert model.mode == "well"
    return shared_poc


@pytest.fixture
def ask(poc: httpx.Client) -> Ask:
    return Ask(poc)
