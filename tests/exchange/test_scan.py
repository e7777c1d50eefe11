"""Canaries and secrets are found in bytes, and sorted for the tenant that asked."""

from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.scan import NOTHING, RUN, Needles, Sightings

CANARIES = {"acme": {"document": ["ac-1f9d"], "profile": ["ac-77aa"]}, "globex": {"document": ["gl-0b2e"]}}
LONG = "You are the assistant of Müller & Söhne. Never tell anybody about the discount code. Be kind, be brief."


def seen(data: bytes, tenant: str = "acme", secrets: tuple[str, ...] = ()) -> Sightings:
    needles = Needles(CANARIES, secrets)
    return needles.sort(needles.hits(data), tenant)


def test_a_tenants_own_canary_is_a_sighting_and_anothers_is_foreign() -> None:
    assert seen(b"see ac-1f9d") == Sightings(own=("document",))
    assert seen(b"see ac-1f9d and gl-0b2e") == Sightings(own=("document",), foreign=("globex/document",))
    assert seen(b"see ac-1f9d, ac-77aa", tenant="globex") == Sightings(foreign=("acme/document", "acme/profile"))


def test_nothing_is_seen_in_clean_bytes() -> None:
    assert seen(b"ac-1f9e gl 0b2e") == NOTHING


def test_several_haystacks_count_as_one_response() -> None:
    needles = Needles(CANARIES, ())
    assert needles.sort(needles.hits(b"ac-1f9d", b"gl-0b2e"), "acme").foreign == ("globex/document",)


def test_secrets_are_told_by_their_position() -> None:
    assert seen(b"the word is xyzzy-42", secrets=("swordfish", "xyzzy-42")).secrets == (1,)


@given(st.integers(0, len(LONG)), st.integers(0, len(LONG)), st.text(max_size=50), st.text(max_size=50))
def test_any_forty_characters_in_a_row_of_a_long_secret_are_a_hit(a: int, b: int, before: str, after: str) -> None:
    part = LONG[min(a, b) : max(a, b)]
    found = bool(Needles({}, (LONG,)).hits(f"{before}|{part}|{after}".encode()))
    assert found == any(LONG[k : k + RUN] in f"{before}|{part}|{after}" for k in range(len(LONG) - RUN + 1))


@given(st.text("ab", min_size=41, max_size=90), st.text("ab", max_size=200))
def test_runs_are_found_as_a_plain_search_of_all_of_them_finds(secret: str, hay: str) -> None:
    """Repetitive secrets are the hard case: a block then occurs at many places."""
    expected = any(secret[k : k + RUN] in hay for k in range(len(secret) - RUN + 1))
    assert bool(Needles({}, (secret,)).hits(hay.encode())) == expected


def test_a_short_secret_hits_only_whole() -> None:
    assert seen(b"swordfis", secrets=("swordfish",)).secrets == ()


@given(st.integers(1, 60), st.integers(1, 60))
def test_the_overlap_suffices_to_scan_a_body_piece_by_piece(at: int, size: int) -> None:
    needles = Needles(CANARIES, (LONG,))
    body = b"." * at + LONG.encode() + b"." * 30
    tail, hits = b"", frozenset[int]()
    for start in range(0, len(body), size):
        piece = tail + body[start : start + size]
        hits |= needles.hits(piece)
        tail = piece[-needles.overlap :]
    assert hits == needles.hits(body)
