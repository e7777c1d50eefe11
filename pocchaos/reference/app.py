"""The routes: who asks, what they ask, what they hear back.

    POST   /v1/answer           {"question", "stream"?} -> {"answer", "sources", "refused", "degraded"}, or a stream
    POST   /v1/documents        {"id"?, "title", "text"} -> 201 {"id"}
    GET    /v1/documents        -> {"documents": [{"id", "title"}]}
    GET    /v1/documents/{id}   -> {"id", "title", "text"}
    DELETE /v1/documents/{id}   -> 204
    GET    /healthz             -> {"status": "ok", "llm": the breaker's state}; asks nobody, so nothing can block it
    GET    /version             -> {"version", "commit", "defect"}

A stream is server-sent events: `{"delta": text}` again and again, then `{"finish": "stop", "sources", "refused",
"degraded"}` and `[DONE]`; where it breaks off, an event `error` with `{"error": {"code", "message"}}` ends it.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from pocchaos.reference import bodies
from pocchaos.reference.assistant import Answering, Assistant, Live, Question
from pocchaos.reference.breaker import Breaker, Unavailable
from pocchaos.reference.defects import careless, misconfigured, planted
from pocchaos.reference.documents import Document, Documents, StoreAway, open_documents
from pocchaos.reference.gate import Capacity, RequestIds
from pocchaos.reference.llm import Llm
from pocchaos.reference.problems import Problem, envelope
from pocchaos.reference.retries import Retries
from pocchaos.reference.retrieval import Index, knowledge
from pocchaos.reference.settings import Settings
from pocchaos.reference.tenants import Tenants

MOST_DOCUMENTS = 100  # of one tenant: each question reads them all


def create_app(settings: Settings) -> ASGIApp:
    """The whole assistant, put together from its settings; must be called where an event loop will run it."""
    defect = planted(settings)
    settings = misconfigured(settings, defect)
    client = httpx.AsyncClient(
        base_url=settings.llm_base_url,
        headers={"authorization": f"Bearer {settings.llm_api_key}"},
        timeout=None,  # noqa: S113 - `Llm` bounds each attempt as a whole, with one clock for all its parts
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.capacity),
        trust_env=False,
    )
    breaker = Breaker(failures=settings.breaker_failures, probe_after=settings.breaker_probe_after)
    llm = Llm(
        client,
        model=settings.llm_model,
        timeout=settings.llm_timeout,
        retries=Retries(
            most=settings.llm_retries, wait=settings.llm_retry_wait, keep_retry_after=settings.keep_retry_after
        ),
        breaker=breaker,
    )
    documents = open_documents(settings.store_url, timeout=settings.store_timeout)
    assistant = careless(Assistant(Index(knowledge()), documents, llm), defect)
    routes = Routes(settings, Tenants(settings.tokens), assistant, documents, breaker)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        try:
            yield
        finally:
            await client.aclose()
            await documents.close()

    return RequestIds(
        Starlette(
            debug=settings.debug,
            routes=routes.table(),
            lifespan=lifespan,
            exception_handlers={
                Problem: _problem,
                HTTPException: _http_problem,
                StoreAway: _store_away,
                Exception: _unexpected,
            },
        )
    )


class Routes:
    """The endpoints, one method each."""

    def __init__(
        self, settings: Settings, tenants: Tenants, assistant: Answering, documents: Documents, breaker: Breaker
    ) -> None:
        self._settings = settings
        self._tenants = tenants
        self._assistant = assistant
        self._documents = documents
        self._breaker = breaker

    def table(self) -> list[Route]:
        """What is answered where."""
        capacity = Middleware(Capacity, most=self._settings.capacity)
        return [
            Route("/v1/answer", self.answer, methods=["POST"], middleware=[capacity]),
            Route("/v1/documents", self.add_document, methods=["POST"]),
            Route("/v1/documents", self.list_documents, methods=["GET"]),
            Route("/v1/documents/{id}", self.read_document, methods=["GET"]),
            Route("/v1/documents/{id}", self.delete_document, methods=["DELETE"]),
            Route("/healthz", self.health, methods=["GET"]),
            Route("/version", self.version, methods=["GET"]),
        ]

    async def answer(self, request: Request) -> Response:
        """An answer, a refusal or a fallback, whole or as a stream."""
        deadline = asyncio.get_running_loop().time() + self._settings.answer_budget
        tenant = self._tenants.of(request)
        body = await bodies.read_answer(request)
        question = Question(text=body.question, tenant=tenant, request_id=request.state.id, deadline=deadline)
        if not body.stream:
            reply = await self._assistant.answer(question)
            return JSONResponse({"answer": reply.answer, **reply.facts()}, headers=reply.headers())
        told = await self._assistant.stream(question)
        live = told if isinstance(told, Live) else Live(pieces=_once(told.answer), reply=told)
        return StreamingResponse(_events(live), media_type="text/event-stream", headers=live.reply.headers())

    async def add_document(self, request: Request) -> Response:
        """Keep a document for the tenant who sends it."""
        tenant = self._tenants.of(request)
        body = await bodies.read_document(request)
        document = Document(id=body.id or uuid.uuid4().hex, title=body.title, text=body.text)
        kept = await self._documents.all(tenant)
        if len(kept) >= MOST_DOCUMENTS and document.id not in {other.id for other in kept}:
            raise Problem(409, "too_many", f"There are {MOST_DOCUMENTS} documents already; delete one first.")
        await self._documents.put(tenant, document)
        return JSONResponse({"id": document.id}, status_code=201)

    async def list_documents(self, request: Request) -> Response:
        """The tenant's own documents, without their texts."""
        documents = await self._documents.all(self._tenants.of(request))
        return JSONResponse({"documents": [{"id": each.id, "title": each.title} for each in documents]})

    async def read_document(self, request: Request) -> Response:
        """One of the tenant's own documents; another tenant's is as unknown as one that never was."""
        document = await self._documents.get(self._tenants.of(request), request.path_params["id"])
        if document is None:
            raise Problem(404, "not_found", "There is no such document.")
        return JSONResponse({"id": document.id, "title": document.title, "text": document.text})

    async def delete_document(self, request: Request) -> Response:
        """Forget one of the tenant's own documents."""
        if not await self._documents.delete(self._tenants.of(request), request.path_params["id"]):
            raise Problem(404, "not_found", "There is no such document.")
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        """Up as long as the event loop turns."""
        del request
        return JSONResponse({"status": "ok", "llm": self._breaker.state})

    async def version(self, request: Request) -> Response:
        """What runs here."""
        del request
        try:
            release = version("pocchaos")
        except PackageNotFoundError:
            release = "unknown"
        return JSONResponse(
            {"version": release, "commit": self._settings.commit, "defect": self._settings.defect or None}
        )


async def _events(live: Live) -> AsyncIterator[bytes]:
    try:
        async for piece in live.pieces:
            yield _event({"delta": piece})
    except Unavailable:
        # the 200 has gone out: an error event is the only honest way left
        yield b"event: error\n" + _event(envelope("interrupted", "The answer broke off; please ask again."))
        return
    yield _event({"finish": "stop", **live.reply.facts()})
    yield b"data: [DONE]\n\n"


async def _once(text: str) -> AsyncIterator[str]:
    if text:
        yield text


def _event(content: object) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


async def _problem(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, Problem)
    return error.response()


async def _http_problem(request: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405, in our shape."""
    del request
    assert isinstance(error, HTTPException)
    code = error.detail.lower().replace(" ", "_")
    return Problem(error.status_code, code, f"{error.detail}.", error.headers).response()


async def _store_away(request: Request, error: Exception) -> Response:
    del request, error
    message = "The document store does not answer; please try again."
    return Problem(503, "store_away", message, headers={"retry-after": "2"}).response()


async def _unexpected(request: Request, error: Exception) -> Response:
    """A mistake of ours: the log has the traceback, the caller a sentence."""
    del request, error
    return Problem(500, "internal", "Something went wrong here; it has been noted.").response()
