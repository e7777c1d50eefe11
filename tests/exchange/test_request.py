"""A request with templates becomes the bytes that go on the wire."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.request import Call, Spoiling, wire

TENANT = {"name": "acme", "token": "t-1", "vars": {"lang": "de"}}


def call(**changed: Any) -> Call:
    given: dict[str, Any] = {
        "url": "http://127.0.0.1:8080",
        "method": "post",
        "path": "/chat",
        "headers": {"authorization": "Bearer ${tenant.token}"},
        "body": {"question": "${input.text}", "lang": "${tenant.vars.lang}"},
        "correlate": "x-request-id",
    }
    return Call(**{**given, **changed})


def spaces(text: Any = "wann?") -> dict[str, Any]:
    return {"tenant": TENANT, "input": {"id": "q1", "text": text}}


def head_and_body(message: bytes) -> tuple[list[str], bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def test_a_request_on_the_wire() -> None:
    lines, body = head_and_body(call().prepare(spaces()).message("r-7"))
    assert lines[:2] == ["POST /chat HTTP/1.1", "Host: 127.0.0.1:8080"]
    assert "authorization: Bearer t-1" in lines
    assert "x-request-id: r-7" in lines
    assert "Content-Type: application/json" in lines
    assert f"Content-Length: {len(body)}" in lines
    assert json.loads(body) == {"question": "wann?", "lang": "de"}


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\ud800"), max_size=40), st.integers(0, 10**9))
@pytest.mark.parametrize("body", [{"q": "${input.text}"}, {"q": "${input.text}", "id": "${request.id}"}])
def test_what_is_prepared_is_what_rendering_gives(body: Any, text: str, number: int) -> None:
    """The fast way (cut where the id goes) and the plain way agree, whatever the input says."""
    one = call(body=body, path="/chat/${request.nonce}")
    request_id = f"ab12-{number}"
    plain = wire(one.origin, one.render(spaces(text), request_id))
    assert one.prepare(spaces(text)).message(request_id) == plain


def test_the_length_is_that_of_this_requests_body() -> None:
    prepared = call(body={"id": "${request.id}"}).prepare(spaces())
    for request_id in ("r-9", "r-10"):
        lines, body = head_and_body(prepared.message(request_id))
        assert f"Content-Length: {len(body)}" in lines


def test_a_malformed_input_spoils_the_rendered_bytes_and_keeps_the_credentials() -> None:
    spoiling = Spoiling(body=lambda body: body[:-3])
    lines, body = head_and_body(call().prepare(spaces(), spoiling).message("r-1"))
    assert body == b'{"question":"wann?","lang":"d'
    assert f"Content-Length: {len(body)}" in lines
    assert "authorization: Bearer t-1" in lines


def test_a_wrong_content_type_takes_the_place_of_the_right_one() -> None:
    spoiling = Spoiling(body=lambda body: body, content_type="text/html")
    one = call(headers={"content-type": "application/json; charset=utf-8"})
    lines, _ = head_and_body(one.prepare(spaces(), spoiling).message("r-1"))
    assert [line for line in lines if line.lower().startswith("content-type")] == ["Content-Type: text/html"]


def test_a_get_has_neither_body_nor_length() -> None:
    lines, body = head_and_body(call(method="GET", body=None).prepare(spaces()).message("r-1"))
    assert body == b""
    assert not any(line.startswith(("Content-Length", "Content-Type")) for line in lines)


def test_an_optional_header_that_names_nothing_is_left_out() -> None:
    lines, _ = head_and_body(call(headers={"x-org": "${tenant.org?}"}).prepare(spaces()).message("r-1"))
    assert not any(line.startswith("x-org") for line in lines)


def test_a_path_is_made_legal_and_stands_behind_the_urls_own() -> None:
    one = call(url="http://host/api/", path="/ask/${input.text}?q=1%20")
    assert one.prepare(spaces("wo bist #1")).message("r").startswith(b"POST /api/ask/wo%20bist%20%231?q=1%20 HTTP/1.1")


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\nb", "a\0"])
def test_an_input_cannot_add_a_header(text: str) -> None:
    with pytest.raises(ValueError, match="x-q"):
        call(headers={"x-q": "${input.text}"}).prepare(spaces(text))


def test_the_host_header_names_a_port_only_where_it_is_not_the_usual_one() -> None:
    assert call(url="https://poc.example").origin.name == "poc.example"
    assert call(url="http://[::1]:81/").origin.name == "[::1]:81"


def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="ftp"):
        call(url="ftp://host")
