"""The control API of one toxiproxy-server: the only module that imports toxiproxy-python.

What the library leaves out is mended here: an address per instance (the library's is one for the whole process),
a timeout and bounded tries for every request, a look at every status (the library lets a 500 pass), and answers as
values. It never goes through an HTTP proxy of the environment: the control API is the user's own machine.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn
from urllib.parse import quote

import requests
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from pocchaos.model.errors import PortTakenError, ToxiproxyError
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy.states import ProxyState, ToxicState, proxy_of, toxic_of

Verb = Literal["get", "post", "delete"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long one request may take, and all its tries together (one more may then be under way)."""

    each: Seconds
    whole: Seconds
    pause: Seconds


PATIENT: Final = Patience(each=Seconds(2.0), whole=Seconds(8.0), pause=Seconds(0.05))
ONE_TRY: Final = Patience(each=Seconds(1.0), whole=Seconds(0.0), pause=Seconds(0.0))
# seen with 2.12: the connection blocks the change of its chain, and with it the proxy, even after it was closed
_BLOCKED: Final = " (a proxy stays blocked once a connection through it is not read from)"
_NO_MORE: Final = Seconds(0.0)
_SHOWN: Final = 120  # characters of a stranger's answer
_WORD: Final = re.compile(r"[!-~]{1,64}")  # `2.12.0`, `git`
_NUMBER: Final = re.compile(r"v?\d+\.\d+[\w.+-]{0,58}")  # where no JSON says that it is a version


class _RefusalError(Exception):
    """The server answered, and the answer was no."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{said} (status {status})")
        self.status = status
        self.said = said


class ControlAPI:
    """Typed calls with bounded time; every call raises ToxiproxyError where the server does not do it.

    Calls are repeated after a silence or a 5xx, so each is made so that twice does no more than once.
    """

    def __init__(
        self, host: str, port: int, *, patience: Patience = PATIENT, gone: Callable[[], None] | None = None
    ) -> None:
        """`gone` raises where the server is known to have gone: then no more is tried."""
        self.host, self.port = host, port
        self.patience = patience
        self._gone = gone
        address = {"host": f"[{host}]" if ":" in host else host, "port": port}
        self._consumer = type("Consumer", (APIConsumer,), address)

    def version(self) -> str:
        """The server's own word for its version, which need not be a number; before 2.7 its answer was no JSON.

        Raises ToxiproxyError also where what answers is another HTTP server.
        """
        try:
            answer = self._ask("get", "/version", "tell its version")
        except _RefusalError as refused:
            raise ToxiproxyError(self._no_toxiproxy(str(refused))) from refused
        try:
            said, word = answer.json()["version"], _WORD
        except (ValueError, KeyError, TypeError):
            said, word = answer.text.strip(), _NUMBER
        if not isinstance(said, str) or not word.fullmatch(said):
            raise ToxiproxyError(self._no_toxiproxy(_one_line(answer.text)))
        return said

    def proxy(self, name: str) -> ProxyState | None:
        """The proxy as it is now, None where there is none of this name."""
        try:
            answer = self._ask("get", f"/proxies/{quote(name, safe='')}", f"show proxy {name}")
        except _RefusalError as refused:
            return None if refused.status == 404 else self._raise(f"show proxy {name}", refused)
        return proxy_of(self._payload(answer, f"show proxy {name}"))

    def proxies(self) -> tuple[ProxyState, ...]:
        """Every proxy on the server, whoever made it, by name."""
        try:
            answer = self._ask("get", "/proxies", "list its proxies")
        except _RefusalError as refused:
            self._raise("list its proxies", refused)
        told = self._payload(answer, "list its proxies")
        return tuple(proxy_of(payload) for _, payload in sorted(told.items()) if isinstance(payload, dict))

    def claim(self, name: str, *, note: str) -> str:
        """Make a proxy that is switched off, to carry a note; returns the note of the one that is there then.

        The server makes a name once, so of several callers one gets its own note back.
        """
        what = f"create proxy {name}"
        body = {"name": name, "listen": "127.0.0.1:0", "upstream": note, "enabled": False}
        try:
            self._ask("post", "/proxies", what, body=body)
        except _RefusalError as refused:
            if refused.status != 409:
                self._raise(what, refused)
        state = self.proxy(name)
        if state is None:
            raise ToxiproxyError(f"{self} said yes to {what}, but then showed no such proxy")
        return state.upstream

    def create_proxy(self, name: str, *, listen: str, origin: str) -> ProxyState:
        """A new, enabled proxy, read back; raises PortTakenError where `listen` cannot be bound."""
        what = f"create proxy {name} on {listen}"
        body = {"name": name, "listen": listen, "upstream": origin, "enabled": True}
        try:
            self._ask("post", "/proxies", what, body=body)
        except _RefusalError as refused:
            if _is_bind_error(refused):
                raise PortTakenError(f"{listen}: {_reason(refused)}: free it or give another `listen`") from refused
            if refused.status != 409:  # 409: an earlier try of ours got through; what is there decides below
                self._raise(what, refused)
        state = self.proxy(name)
        # the host may read back resolved (`localhost`), the port may not change
        same = state is not None and state.upstream == origin and _port(state.listen) == _port(listen)
        if state is None or not same or not state.enabled:
            raise ToxiproxyError(f"{self} was asked to {what} → {origin}, but then showed {state or 'no such proxy'}")
        return state

    def set_enabled(self, name: str, *, enabled: bool) -> ProxyState:
        """Switch the proxy off (its connections close) or on, and the state then read back."""
        what = f"switch proxy {name} {'on' if enabled else 'off'}"
        deadline = time.monotonic() + self.patience.whole
        while True:
            try:
                self._ask("post", f"/proxies/{quote(name, safe='')}", what, body={"enabled": enabled})
                break
            except _RefusalError as refused:  # somebody took the port while the proxy was off: they may give it back
                if not _is_bind_error(refused) or time.monotonic() > deadline:
                    self._raise(what, refused)
                time.sleep(self.patience.pause)
        state = self.proxy(name)
        if state is None:
            raise ToxiproxyError(f"{self} has no proxy {name} any more: somebody else removed it")
        return state

    def delete_proxy(self, name: str) -> None:
        """Remove the proxy with all its toxics; one that is not there is fine."""
        self._delete(f"/proxies/{quote(name, safe='')}", f"remove proxy {name}")

    def toxic(self, proxy: str, name: str) -> ToxicState | None:
        """The toxic as it is now, None where there is none of this name."""
        what = f"show toxic {name} of proxy {proxy}"
        try:
            answer = self._ask("get", self._toxic_path(proxy, name), what)
        except _RefusalError as refused:
            return None if refused.status == 404 else self._raise(what, refused)
        return toxic_of(self._payload(answer, what))

    def add_toxic(self, proxy: str, toxic: ToxicState) -> ToxicState:
        """Put the toxic on, and the toxic then read back; whether it is the same is for the caller to compare."""
        what = f"put toxic {toxic.name} ({toxic.type}) on proxy {proxy}"
        body = {
            "name": toxic.name,
            "type": toxic.type,
            "stream": toxic.stream,
            "toxicity": toxic.toxicity,
            "attributes": dict(toxic.attributes),
        }
        try:
            self._ask("post", f"/proxies/{quote(proxy, safe='')}/toxics", what, body=body)
        except _RefusalError as refused:
            if refused.status != 409:  # 409: an earlier try of ours got through
                self._raise(what, refused)
        state = self.toxic(proxy, toxic.name)
        if state is None:
            raise ToxiproxyError(f"{self} said yes to {what}, but then showed no such toxic")
        return state

    def delete_toxic(self, proxy: str, name: str, *, extra: Seconds = _NO_MORE) -> None:
        """Take the toxic off; one that is not there is fine. `extra` adds to the time that all tries may take."""
        self._delete(self._toxic_path(proxy, name), f"take toxic {name} off proxy {proxy}", extra=extra)

    def __str__(self) -> str:
        return f"toxiproxy-server at {self.host}:{self.port}"

    def _no_toxiproxy(self, said: str) -> str:
        return f"what answers at {self.host}:{self.port} is no toxiproxy-server: to GET /version it said {said}"

    def _toxic_path(self, proxy: str, name: str) -> str:
        return f"/proxies/{quote(proxy, safe='')}/toxics/{quote(name, safe='')}"

    def _delete(self, path: str, what: str, *, extra: Seconds = _NO_MORE) -> None:
        try:
            self._ask("delete", path, what, extra=extra)
        except _RefusalError as refused:
            if refused.status != 404:
                self._raise(what, refused)

    def _ask(
        self, verb: Verb, path: str, what: str, *, body: object = None, extra: Seconds = _NO_MORE
    ) -> requests.Response:
        """Tries until an answer below 500 or the end of patience; raises _RefusalError for 4xx and bind errors."""
        began = time.monotonic()
        tries = 0
        while True:
            tries += 1
            try:
                return self._try(verb, path, body)
            except _RefusalError as refused:
                if refused.status < 500 or _is_bind_error(refused):
                    raise
                wrong = f"it answered {refused}"
            except requests.Timeout:
                wrong = f"no answer within {self.patience.each:g} s{_BLOCKED if body or verb == 'delete' else ''}"
            except requests.RequestException as error:
                wrong = _shortened(error)
                if self._gone:
                    self._gone()
            if time.monotonic() - began + self.patience.pause >= self.patience.whole + extra:
                raise ToxiproxyError(
                    f"{self} did not {what}: {wrong} ({tries} {'try' if tries == 1 else 'tries'} in "
                    f"{time.monotonic() - began:.1f} s)"
                )
            time.sleep(self.patience.pause)

    def _try(self, verb: Verb, path: str, body: object) -> requests.Response:
        ask = getattr(self._consumer, verb)
        options: dict[str, Any] = {"timeout": self.patience.each, "allow_redirects": False}
        options["proxies"] = {"http": None, "all": None}  # None, so that the environment's is not filled in
        if body is not None:
            options["json"] = body
        try:
            answer: requests.Response = ask(path, **options)
        except NotFound as error:
            raise _RefusalError(404, _said(error.args[0])) from error
        except ProxyExists as error:
            raise _RefusalError(409, _said(error.args[0])) from error
        except InvalidToxic as error:
            raise _RefusalError(400, _said(error.args[0])) from error
        if not 200 <= answer.status_code < 300:
            raise _RefusalError(answer.status_code, _said(answer.content))
        return answer

    def _payload(self, answer: requests.Response, what: str) -> Mapping[str, Any]:
        try:
            payload = answer.json()
        except ValueError:
            payload = None
        if not isinstance(payload, dict):
            raise ToxiproxyError(f"{self} was asked to {what} and answered something else: {answer.text[:80]!r}")
        return payload

    def _raise(self, what: str, refused: _RefusalError) -> NoReturn:
        raise ToxiproxyError(f"{self} refused to {what}: {refused}") from refused


def _said(content: bytes) -> str:
    """The `error` of Toxiproxy's answer, else the beginning of whatever it is."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return _one_line(content[:400].decode("utf-8", "replace"))


def _port(address: str) -> str:
    return address.rpartition(":")[2]


def _is_bind_error(refused: _RefusalError) -> bool:
    return refused.said.startswith("listen tcp")


def _reason(refused: _RefusalError) -> str:
    return refused.said.rsplit(": ", 1)[-1]


def _shortened(error: requests.RequestException) -> str:
    cause: BaseException = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return _one_line(str(cause) or type(cause).__name__)


def _one_line(text: str) -> str:
    """The beginning of what anybody may have said, as one line that no terminal obeys."""
    line = "".join(c if c.isprintable() else "·" for c in " ".join(text.split()))
    return (line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…") or "nothing"
