"""Samples as columns of facts, and the outcome table laid over them: a rule runs once per distinct combination.

The distinct facts of bodies, headers and assertions are found in Python; everything per sample is an expression.
Words that repeat a million times (hashes, headers, how it ended) are read as small numbers and never held as text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from pocchaos.judging.bodies import Bodies
from pocchaos.judging.checks import Checks
from pocchaos.judging.facts import Checked, Facts
from pocchaos.judging.markers import NAMES, Signs
from pocchaos.judging.outcomes import outcome
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.evidence import How, StreamEnd
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import micros
from pocchaos.scenario.language import Target
from pocchaos.scenario.plan import Plan

_NUMBERS: Final = ("request", "due", "start", "first_token", "last_token", "end", "tokens", "gap_max", "status")
_SEEN: Final = ("foreign", "own", "secrets")

_HOW: Final = tuple(How)
_STREAM: Final = tuple(StreamEnd)
_CHECKED: Final = tuple(Checked)
_OUTCOMES: Final = tuple(Outcome)
_FACTS: Final = tuple(
    name
    for name in Facts.__dataclass_fields__
    if name not in ("over_quota", "login_failed", "poll_failed", "bad_credentials")  # no recorded fact yet
)


def coded(samples: pl.LazyFrame, bodies: Bodies, signs: Signs) -> pl.DataFrame:
    """The samples with every repeating word as a number, in the order in which they were given.

    `place` is the position of the body in `Bodies.facts`: a kept one, the empty one, or one that was not kept.
    """
    headers = samples.select(pl.col("headers").unique()).collect(engine="streaming").to_series().drop_nulls().sort()
    empty, not_kept = len(bodies), len(bodies) + 1
    place = _code(pl.col("content"), bodies.hashes).fill_null(not_kept)
    found = samples.select(
        *_NUMBERS,
        *_SEEN,
        pl.col("step").cast(pl.Categorical),
        how=_code(pl.col("how"), [how.value for how in How]).cast(pl.UInt8),
        stream=_code(pl.col("stream"), [end.value for end in StreamEnd]).cast(pl.UInt8),
        cut_by_length=(pl.col("finish") == "length").fill_null(value=False),
        no_finish=pl.col("finish").is_null(),
        place=pl.when(pl.col("content").is_null()).then(empty).otherwise(place).cast(pl.UInt32),
        headers=_code(pl.col("headers"), headers),
    ).collect(engine="streaming")
    of_headers = pl.DataFrame(
        {
            "header_bits": pl.Series([signs.header_bits(text) for text in headers], dtype=pl.Int64),
            "retry_after": headers.str.contains('"retry-after":', literal=True),
        }
    ).select(pl.all().gather(found["headers"]))
    return found.drop("headers").hstack(of_headers)


def planned(plan: Plan) -> pl.DataFrame:
    """The plan's requests as columns, by request number: index of stage and tenant, position of input, expectation."""
    requests = plan.requests
    refuse = pl.Series("refuse", [row.expect == "refuse" for row in plan.inputs], dtype=pl.Boolean)
    columns = pl.DataFrame(
        {
            "stage_index": pl.Series(requests.stage, dtype=pl.Int32),
            "tenant_index": pl.Series(requests.tenant, dtype=pl.Int32),
            "input": pl.Series(requests.input, dtype=pl.Int32),
        }
    )
    return columns.with_columns(refuse.gather(columns["input"]))


def with_plan(samples: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """Samples with what the plan knows of their request.

    Requests outside the plan (wiring and readiness, negative numbers) have none of it.
    """
    last = samples["request"].max()
    if isinstance(last, int) and last >= len(requests):
        raise RunDirectoryError(f"request {last} is not in the plan of {len(requests)} requests: another run's samples")
    place = samples.select(pl.when(pl.col("request") >= 0).then(pl.col("request"))).to_series()
    return samples.hstack(requests.select(pl.all().gather(place))).with_columns(pl.col("refuse").fill_null(value=False))


def with_bodies(samples: pl.DataFrame, bodies: Bodies, signs: Signs) -> pl.DataFrame:
    """Samples with the facts of their bodies and the scenario's markers."""
    marked = samples.hstack(bodies.facts.select(pl.all().gather(samples["place"])))
    both = pl.col("header_bits") & pl.col("body_bits")
    return marked.with_columns(
        (both & pl.lit(signs.masks[name], dtype=pl.Int64)).ne(0).fill_null(value=False).alias(name) for name in NAMES
    ).drop("header_bits", "body_bits")


def with_checks(samples: pl.DataFrame, bodies: Bodies, checks: Checks) -> pl.DataFrame:
    """Samples with what their input's assertions came to (`checked`), asked for complete 2xx alone."""
    numbers = _check_numbers(samples, checks)
    width = len(bodies) + 2
    asked = pl.col("status").is_between(200, 299) & (pl.col("how") == _HOW.index(How.COMPLETE))
    key = pl.when(asked & (numbers > 0)).then(numbers.cast(pl.Int64) * width + pl.col("place"))
    keys = samples.select(key.alias("key")).to_series()
    found = checks.check_all(keys.unique().drop_nulls().to_list(), bodies)
    answers = [_CHECKED.index(checked) for checked in found.values()]
    none = _CHECKED.index(Checked.NONE)
    known = keys.replace_strict(list(found), answers, default=none, return_dtype=pl.UInt8) if answers else keys * 0
    return samples.with_columns(
        known.cast(pl.UInt8).fill_null(none).alias("checked"), (numbers > 0).alias("has_assertion")
    )


def with_outcomes(samples: pl.DataFrame, target: Target, baselines: Sequence[int]) -> pl.DataFrame:
    """Samples with their `outcome`: the table is asked once per distinct combination of facts.

    `baselines` are the indices of the stages in which nothing may be shed; so are those of no stage, before the first.
    """
    clean = target.clean_errors
    facts = samples.lazy().with_columns(
        baseline=pl.col("stage_index").is_null() | pl.col("stage_index").is_in(list(baselines)),
        leaked=(pl.col("foreign").list.len() > 0) | (pl.col("secrets").list.len() > 0),
        late=(pl.col("end") - pl.col("start") > micros(target.deadline)).fill_null(value=False),
        done_declared=pl.lit(target.answer.done is not None),
        unfinished_stream=(pl.col("stream") == _STREAM.index(StreamEnd.DONE)).fill_null(value=False)
        & pl.col("no_finish")
        & pl.lit(target.answer.finish is not None),
        allowed_status=pl.col("status").is_in(list(clean.statuses)).fill_null(value=False),
        retry_after_missing=~pl.col("retry_after").fill_null(value=False) & pl.lit(clean.retry_after == "required"),
        expect=pl.col("refuse").cast(pl.UInt8),
    )
    keyed = facts.select(*_FACTS, key=_key()).collect()
    distinct = keyed.unique(subset="key", keep="first", maintain_order=True)
    known = [_OUTCOMES.index(outcome(_facts(row))) for row in distinct.iter_rows(named=True)]
    codes = keyed["key"].replace_strict(distinct["key"], known, return_dtype=pl.UInt8) if known else keyed["key"]
    words = pl.Series("outcome", [found.value for found in Outcome], dtype=pl.Categorical)
    return samples.with_columns(words.gather(codes.cast(pl.UInt32)))


def _facts(row: Mapping[str, Any]) -> Facts:
    plain = {name: row[name] for name in _FACTS if name not in ("how", "stream", "checked", "expect")}
    return Facts(
        **plain,
        expect="refuse" if row["expect"] else "answer",
        how=_HOW[row["how"]],
        stream=None if row["stream"] is None else _STREAM[row["stream"]],
        checked=_CHECKED[row["checked"]],
    )


def _key() -> pl.Expr:
    """One whole number per combination: a group key of one column instead of twenty-two."""
    key = pl.col("status").fill_null(0).clip(0, 1023)
    for name in _FACTS:
        if name in ("how", "stream", "checked"):
            key = key * 16 + (pl.col(name).cast(pl.Int64) + 1).fill_null(0)
        elif name != "status":
            key = key * 2 + pl.col(name).cast(pl.Int64)
    return key


def _code(column: pl.Expr, words: Any) -> pl.Expr:
    """The position of each text among these words; null where it is null or none of them."""
    return column.cast(pl.Enum(words), strict=False).to_physical().cast(pl.UInt32)


def _check_numbers(samples: pl.DataFrame, checks: Checks) -> pl.Series:
    """Each sample's set of rendered assertions; 0 where its input has none, or it has no input."""
    width = len(checks.tenants)
    pairs = samples.select(pl.col("input").cast(pl.Int64) * width + pl.col("tenant_index")).to_series()
    numbers = [0] * (width * len(checks.inputs))
    for pair in pairs.unique().drop_nulls():
        numbers[pair] = checks.number(*divmod(pair, width))
    return pl.Series("check", numbers, dtype=pl.Int32).gather(pairs).fill_null(0)
