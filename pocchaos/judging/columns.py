"""Samples as columns of facts, and the outcome table laid over them: a rule runs once per distinct combination.

The distinct facts of bodies, headers and assertions are found in Python; everything per sample is an expression.
"""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pocchaos.judging.bodies import Bodies
from pocchaos.judging.checks import Checks
from pocchaos.judging.facts import Checked, Facts
from pocchaos.judging.markers import NAMES, Signs
from pocchaos.judging.outcomes import outcome
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.evidence import How, StreamEnd
from pocchaos.model.units import micros
from pocchaos.scenario.language import Target
from pocchaos.scenario.plan import Plan

_FACTS: Final = tuple(
    name
    for name in Facts.__dataclass_fields__
    if name not in ("over_quota", "login_failed", "poll_failed", "bad_credentials")  # no recorded fact yet
)


def with_plan(samples: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Samples with what the plan knows of their request: stage index, tenant, input, category, expectation.

    Requests outside the plan (wiring and readiness, negative numbers) have none of it.
    """
    requests = plan.requests
    last = samples["request"].max()
    if isinstance(last, int) and last >= len(requests):
        raise RunDirectoryError(f"request {last} is not in the plan of {len(requests)} requests: another run's samples")
    columns = pl.DataFrame(
        {
            "stage_index": pl.Series(list(requests.stage), dtype=pl.Int32),
            "tenant_index": pl.Series(list(requests.tenant), dtype=pl.Int32),
            "input": pl.Series(list(requests.input), dtype=pl.Int32),
        }
    )
    place = pl.when(pl.col("request") >= 0).then(pl.col("request"))
    joined = samples.hstack(columns.select(pl.all().gather(samples.select(place).to_series())))
    by_input = pl.DataFrame(
        {
            "category": pl.Series([row.category for row in plan.inputs], dtype=pl.String),
            "expect": pl.Series([row.expect for row in plan.inputs], dtype=pl.String),
        }
    ).select(pl.all().gather(joined["input"]))
    tenants = pl.Series("tenant", list(plan.tenants), dtype=pl.String).gather(joined["tenant_index"])
    stages = pl.DataFrame(
        {
            "stage": pl.Series([stage.name for stage in plan.stages], dtype=pl.String),
            "cycle": pl.Series([stage.cycle for stage in plan.stages], dtype=pl.Int32),
        }
    ).select(pl.all().gather(joined["stage_index"]))
    return joined.hstack(by_input).hstack(stages).with_columns(tenants)


def with_bodies(samples: pl.DataFrame, bodies: Bodies, signs: Signs) -> pl.DataFrame:
    """Samples with the facts of their bodies and the scenario's markers."""
    places = _places(samples["content"], bodies)
    headers, bits = _header_bits(samples["headers"], signs)
    facts = bodies.facts(signs).select(pl.all().gather(places))
    marked = samples.hstack(facts).with_columns(places.alias("place"), bits.gather(headers).alias("header_bits"))
    both = pl.col("header_bits") & pl.col("body_bits")
    return marked.with_columns(
        *((both & pl.lit(signs.masks[name], dtype=pl.Int64)).ne(0).alias(name) for name in NAMES),
        retry_after=_has_header(samples["headers"], "retry-after").gather(headers),
    ).drop("header_bits", "body_bits")


def with_checks(samples: pl.DataFrame, bodies: Bodies, checks: Checks) -> pl.DataFrame:
    """Samples with what their input's assertions came to (`checked`), asked for complete 2xx alone."""
    key = ("input", "tenant_index", "place")
    asked = samples.lazy().filter(
        pl.col("status").is_between(200, 299), pl.col("how") == How.COMPLETE, pl.col("input").is_not_null()
    )
    distinct = asked.select(key).unique().sort("place", "input", "tenant_index").collect()
    found: list[str] = []
    at, body = -1, bodies.read(len(bodies))
    for input_, tenant, place in distinct.iter_rows():
        if place != at:
            at, body = place, bodies.read(place)
        found.append(checks.check(input_, tenant, body).value)
    known = distinct.with_columns(pl.Series("checked", found, dtype=pl.String))
    joined = samples.join(known, on=key, how="left", maintain_order="left")
    return joined.with_columns(pl.col("checked").fill_null(Checked.NONE.value)).hstack(
        [_has_assertion(samples, checks)]
    )


def with_outcomes(samples: pl.DataFrame, target: Target) -> pl.DataFrame:
    """Samples with their `outcome`: the table is asked once per distinct combination of facts."""
    clean = target.clean_errors
    facts = samples.with_columns(
        expect=pl.col("expect").fill_null("answer"),
        baseline=pl.col("stage_index").fill_null(0) == 0,
        leaked=(pl.col("foreign").list.len() > 0) | (pl.col("secrets").list.len() > 0),
        late=(pl.col("end") - pl.col("start") > micros(target.deadline)).fill_null(value=False),
        done_declared=pl.lit(target.answer.done is not None),
        cut_by_length=(pl.col("finish") == "length").fill_null(value=False),
        unfinished_stream=(pl.col("stream") == StreamEnd.DONE).fill_null(value=False)
        & pl.col("finish").is_null()
        & pl.lit(target.answer.finish is not None),
        allowed_status=pl.col("status").is_in(list(clean.statuses)).fill_null(value=False),
        retry_after_missing=~pl.col("retry_after") & pl.lit(clean.retry_after == "required"),
    ).with_columns(key=_key())
    distinct = facts.unique(subset="key", keep="first", maintain_order=True).select("key", *_FACTS)
    outcomes = {row["key"]: outcome(_facts(row)).value for row in distinct.iter_rows(named=True)}
    return samples.with_columns(
        facts["key"].replace_strict(outcomes, return_dtype=pl.String).alias("outcome")
        if outcomes
        else pl.lit(None, dtype=pl.String).alias("outcome")
    )


def _facts(row: Mapping[str, Any]) -> Facts:
    stream = row["stream"]
    return Facts(
        **{name: row[name] for name in _FACTS if name not in ("how", "stream", "checked")},
        how=How(row["how"]),
        stream=StreamEnd(stream) if stream is not None else None,
        checked=Checked(row["checked"]),
    )


def _key() -> pl.Expr:
    """One whole number per combination: a group key of one column instead of twenty-two."""
    coded = {
        "how": [how.value for how in How],
        "stream": [end.value for end in StreamEnd],
        "checked": [checked.value for checked in Checked],
        "expect": ["answer", "refuse"],
    }
    key = pl.col("status").fill_null(0).clip(0, 1023)
    for name in _FACTS:
        if name == "status":
            continue
        column = pl.col(name)
        if name in coded:
            words = coded[name]
            number = column.replace_strict(words, range(1, len(words) + 1), default=0, return_dtype=pl.Int64)
            key = key * 16 + number.fill_null(0)
        else:
            key = key * 2 + column.cast(pl.Int64)
    return key


def _places(content: pl.Series, bodies: Bodies) -> pl.Series:
    """Each sample's position in `Bodies.facts`: its body, the empty body, or the one that was not kept."""
    empty, not_kept = len(bodies), len(bodies) + 1
    if not bodies.hashes:
        return content.is_null().replace_strict({True: empty, False: not_kept}, return_dtype=pl.UInt32)
    known = content.replace_strict(bodies.hashes, range(len(bodies)), default=not_kept, return_dtype=pl.UInt32)
    return pl.select(pl.when(content.is_null()).then(empty).otherwise(known).cast(pl.UInt32)).to_series()


def _header_bits(headers: pl.Series, signs: Signs) -> tuple[pl.Series, pl.Series]:
    """(position of each sample's headers among the distinct ones, marker bits by position)."""
    distinct = headers.unique().sort()
    places = headers.replace_strict(distinct, range(len(distinct)), return_dtype=pl.UInt32).cast(pl.UInt32)
    return places, pl.Series([signs.header_bits(found or "") for found in distinct], dtype=pl.Int64)


def _has_header(headers: pl.Series, name: str) -> pl.Series:
    return headers.unique().sort().str.contains(f'"{name}":', literal=True).fill_null(value=False)


def _has_assertion(samples: pl.DataFrame, checks: Checks) -> pl.Series:
    pairs = samples.select("input", "tenant_index").unique().drop_nulls()
    known = pairs.with_columns(
        pl.Series(
            "has_assertion", [checks.has_any(input_, tenant) for input_, tenant in pairs.iter_rows()], dtype=pl.Boolean
        )
    )
    joined = samples.select("input", "tenant_index").join(
        known, on=("input", "tenant_index"), how="left", maintain_order="left"
    )
    return joined["has_assertion"].fill_null(value=False)
