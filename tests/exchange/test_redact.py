"""A secret leaves no trace, in none of its usual forms."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.redact import Redaction

SECRETS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=30)
AROUND = st.text(st.characters(codec="utf-8"), max_size=12)


@given(SECRETS, AROUND, AROUND)
def test_the_value_is_replaced_wherever_it_stands(secret: str, before: str, after: str) -> None:
    redacted = Redaction({"KEY": secret}).text(before + secret + after)
    assert "«secret:KEY»" in redacted
    assert secret not in redacted.replace("«secret:KEY»", "")


@given(SECRETS, st.binary(max_size=8), st.binary(max_size=8))
def test_so_it_is_in_base64_whatever_stands_before_and_after(secret: str, before: bytes, after: bytes) -> None:
    """`user:password` in a Basic header shifts the secret's own code by up to two bytes."""
    for encode in (b64encode, urlsafe_b64encode):
        assert "«secret:KEY»" in Redaction({"KEY": secret}).text(encode(before + secret.encode() + after).decode())


@pytest.mark.parametrize("form", [quote, quote_plus, json.dumps, lambda text: json.dumps(text, ensure_ascii=False)])
def test_so_it_is_in_urls_and_in_json(form: object) -> None:
    secret = 'paß/wort "1"'
    assert callable(form)
    assert "«secret:KEY»" in Redaction({"KEY": secret}).text(f"see {form(secret)}")


def test_the_longer_secret_goes_first() -> None:
    redaction = Redaction({"SHORT": "sesame-1", "LONG": "sesame-1-open"})
    assert redaction.text("sesame-1-open sesame-1") == "«secret:LONG» «secret:SHORT»"


def test_clean_text_stays_the_same_object() -> None:
    text = "nothing to hide"
    assert Redaction({"KEY": "sesame-1"}).text(text) is text
    assert Redaction({}).text(text) is text
