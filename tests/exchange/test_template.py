"""Templates: one small grammar, the same in requests, start commands and assertions."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.template import (
    UNSET,
    Found,
    Template,
    TemplateSyntaxError,
    UnknownName,
    compile_template,
    escaped,
    names_in,
    render,
    split,
    substitute,
)

SPACES = {
    "tenant": {"name": "acme", "token": "tok-123456", "vars": {"user": "ann"}},
    "input": {"text": "Where is my order?", "n": 3, "tags": ["a", "b"], "none": None, "docs-id": 7, "ok": True},
    "upstreams": {"docs-db": {"port": 5432}},
}


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        ("plain", "plain"),
        ("", ""),
        ("Bearer ${tenant.token}", "Bearer tok-123456"),
        ("${tenant.vars.user}@${tenant.name}", "ann@acme"),
        ("${input.n}", 3),
        ("n=${input.n}", "n=3"),
        ("${input.tags}", ["a", "b"]),
        ("tags=${input.tags}", 'tags=["a", "b"]'),
        ("ok=${input.ok}", "ok=true"),
        ("${input.tags.1}", "b"),
        ("${input.docs-id}", 7),
        ("${upstreams.docs-db.port}", 5432),
        ("${input.none}", None),
        ("${input.none?}", UNSET),
        ("${input.missing?}", UNSET),
        ("<${input.missing?}>", "<>"),
        ("${input.missing:-none given}", "none given"),
        ("${input.none:-x}", "x"),
        ("${input.missing:-}", ""),
        ("$${tenant.token}", "${tenant.token}"),
        ("costs $5 {really}", "costs $5 {really}"),
        ("$${a} ${tenant.name}", "${a} acme"),
        (5, 5),
        (None, None),
        ({"a": [{"b": "${input.n}"}], "n": 1}, {"a": [{"b": 3}], "n": 1}),
        ({"a": "${input.missing?}", "b": 1}, {"b": 1}),
        (["${input.missing?}", 1], [1]),
        ({"a": "$${x}"}, {"a": "${x}"}),
        ({"${tenant.name}": 1}, {"${tenant.name}": 1}),
    ],
)
def test_a_template_renders_to_what_it_names(written: Any, rendered: Any) -> None:
    assert render(written, SPACES) == rendered
    assert type(render(written, SPACES)) is type(rendered)


def test_a_name_that_is_not_there_says_where_it_stands_and_what_is_there() -> None:
    with pytest.raises(UnknownName) as caught:
        render({"json": {"messages": [{"content": "${tenant.tokn}"}]}}, SPACES)
    assert str(caught.value) == "json.messages[0].content: ${tenant.tokn} names nothing (there: name, token, vars)"
    assert caught.value.name == "tenant.tokn"


@pytest.mark.parametrize("text", ["${}", "${ tenant.name }", "${tenant.name", "${tenant..name}", "${1+1}", "a ${"])
def test_what_only_looks_like_a_template_is_refused(text: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="is not a template"):
        compile_template({"a": text})


def test_names_in_lists_every_name_once() -> None:
    value = {"a": "${tenant.token} ${input.x?}", "b": ["${tenant.token}", "$${no.name}"]}
    assert names_in(value) == {"tenant.token", "input.x"}
    assert compile_template(value).names == {"tenant.token", "input.x"}


def test_substitute_replaces_some_and_leaves_the_rest_as_written() -> None:
    def env_only(found: Found) -> object:
        return "v" if found.name.parts[0] == "env" else found

    value = {"a": "${env.X}/${tenant.token?}/$${x}", "b": "${input.n:-2}", "c": "${env.X}", "d": 1}
    assert substitute(value, env_only) == {"a": "v/${tenant.token?}/$${x}", "b": "${input.n:-2}", "c": "v", "d": 1}


@given(st.text())
def test_escaped_text_renders_to_itself(text: str) -> None:
    """A token that happens to hold `${` must not become a template."""
    assert render(escaped(text), {}) == text


@given(st.text(alphabet="${}a.?:-x "))
def test_any_text_is_either_a_template_or_refused(text: str) -> None:
    try:
        split(text)
    except TemplateSyntaxError:
        return
    assert isinstance(render(text, _Everything()), str)


class _Everything(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        return _Everything() if key == "a" else "x"


def test_rendering_is_fast_enough_for_the_load_generator() -> None:
    """At 1,000 requests/s a template may not cost a visible share of the core: here a twentieth of a ms each."""
    template = compile_template(
        {"model": "poc", "stream": True, "messages": [{"role": "user", "content": "${input.text}"}] * 3}
    )
    assert min(_time(template) for _ in range(10)) < 50e-6


def _time(template: Template) -> float:
    began = time.perf_counter()
    for _ in range(300):
        template.render(SPACES)
    return (time.perf_counter() - began) / 300


def test_a_template_inside_a_default_is_refused() -> None:
    """The first `}` ends a template: the outer one would be cut, and the rest sent as text."""
    with pytest.raises(TemplateSyntaxError, match=r"has a template inside a template: a default is plain text"):
        split("${env.X:-${env.Y}}")
