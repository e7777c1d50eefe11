"""What each different response body is, found once per content: never once per sample."""

import json
from typing import Any, Final

import polars as pl

from pocchaos.judging.internals import internals
from pocchaos.judging.markers import NO_BODY, Body, Signs

COLUMNS: Final[dict[str, Any]] = {
    "kept": pl.Boolean,
    "internals": pl.Boolean,
    "json_object": pl.Boolean,
    "blank_body": pl.Boolean,
    "blank_answer": pl.Boolean,
    "parsed": pl.Boolean,
    "body_bits": pl.Int64,
}


class Bodies:
    """The kept contents of a run by position; the position after the last is the empty body."""

    def __init__(self, contents: pl.DataFrame, signs: Signs) -> None:
        self.frame = contents
        self.hashes = contents["hash"]
        self.facts = self._facts(signs)

    def __len__(self) -> int:
        return len(self.hashes)

    def read(self, place: int, *, parsed: bool = True) -> Body:
        """One body; with `parsed` its JSON too, which costs most of the reading."""
        if place >= len(self.hashes):
            return NO_BODY
        media, text, answer = self.frame.row(place)[1:4]
        return read_body(media if parsed else "", text, answer)

    def _facts(self, signs: Signs) -> pl.DataFrame:
        """One row of `COLUMNS` per content, then one for the empty body and one for what was not kept."""
        rows = [
            _facts(read_body(media, text, answer), media=media, whole=whole, parsed=parsed, signs=signs)
            for _, media, text, answer, whole, parsed in self.frame.iter_rows()
        ]
        nothing = _facts(NO_BODY, media="text", whole=True, parsed=False, signs=signs)
        rows += [nothing, (False, *nothing[1:])]
        return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def read_body(media: str, text: str, answer: str | None) -> Body:
    """A kept content as markers and assertions read it."""
    value = None
    if media in ("json", "stream"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):  # cut, or nested beyond reading: there is no value then
            value = None
    return Body(value=value, text=text, answer=answer)


def _facts(body: Body, *, media: str, whole: bool, parsed: bool, signs: Signs) -> tuple[Any, ...]:
    shown = internals(body.text, body.value) or (internals(body.answer or "") if media == "stream" else None)
    return (
        whole,
        shown is not None,
        isinstance(body.value, dict) and bool(body.value),
        not body.text.strip(),
        not (body.answer or "").strip(),
        parsed,
        signs.body_bits(body),
    )
