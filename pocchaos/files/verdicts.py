"""`verdicts.json`: a judged run as bytes that other programs read, and back.

Schema 1. Its core is fixed (verdict, exit_code, scenario, run, criteria, faults, stages); other keys stand beside it.
Seconds and fractions are numbers, +∞ is the string "inf". Keys are sorted: equal runs give equal bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import inf, isinf, isnan
from pathlib import Path
from typing import Any, Final

from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.verdict import (
    Bite,
    Exemplar,
    JudgedRun,
    Judgement,
    OutcomeCount,
    Percentiles,
    StageSummary,
    Timeline,
    Verdict,
)

SCHEMA: Final = 1


def dump_verdicts(judged: JudgedRun) -> bytes:
    """The judged run as JSON; equal runs give equal bytes."""
    record = {"schema": SCHEMA, **_plain(judged)}
    record["criteria"] = [_criterion(criterion) for criterion in judged.criteria]
    return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def read_verdicts(path: Path) -> JudgedRun:
    """A judged run back from its file; raises RunDirectoryError where it is damaged or of another version."""
    try:
        record = json.loads(path.read_bytes())
        if record["schema"] != SCHEMA:
            raise RunDirectoryError(f"{path}: written in format {record['schema']!r}, and this pocchaos reads {SCHEMA}")
        return _judged(record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunDirectoryError(f"{path} cannot be read ({error}): remake it with `pocchaos judge`") from None


def _criterion(judgement: Judgement) -> dict[str, Any]:
    """A criterion; `of` and `each` stand there only where it has them."""
    record: dict[str, Any] = _plain(judgement)
    record["each"] = [_criterion(one) for one in judgement.each]
    return {key: value for key, value in record.items() if key not in ("of", "each") or value}


def _plain(value: Any) -> Any:
    match value:
        case Verdict():
            return value.value
        case float() if isnan(value):
            return None
        case float() if isinf(value):
            return "inf" if value > 0 else "-inf"
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def _judged(record: Mapping[str, Any]) -> JudgedRun:
    known: dict[str, Any] = {field.name: record[field.name] for field in fields(JudgedRun) if field.name in record}
    return JudgedRun(
        **{
            **known,
            "verdict": Verdict(record["verdict"]),
            "criteria": tuple(_judgement(one) for one in record["criteria"]),
            "faults": tuple(_bite(one) for one in record["faults"]),
            "stages": tuple(_stage(one) for one in record["stages"]),
            "timeline": _timeline(record["timeline"]),
            "outcomes": tuple(OutcomeCount(**_pairs(one, "interval")) for one in record["outcomes"]),
            "percentiles": tuple(_percentiles(one) for one in record["percentiles"]),
            "exemplars": tuple(Exemplar(**one) for one in record["exemplars"]),
            "not_tested": tuple(record["not_tested"]),
            "notes": tuple(record["notes"]),
        }
    )


def _judgement(record: Mapping[str, Any]) -> Judgement:
    numbers = {key: _number(record[key]) for key in ("figure", "limit", "n_eff")}
    return Judgement(
        **{
            **_pairs(record, "interval"),
            **numbers,
            "notes": tuple(record["notes"]),
            "evidence": tuple(record["evidence"]),
            "verdict": Verdict(record["verdict"]),
            "each": tuple(_judgement(one) for one in record.get("each", ())),
        }
    )


def _bite(record: Mapping[str, Any]) -> Bite:
    spans = tuple((on, off) for on, off in record.get("spans", ()))
    return Bite(**{**_pairs(record, "planned", "confirmed"), "spans": spans})


def _stage(record: Mapping[str, Any]) -> StageSummary:
    latency = {key: _number(value) for key, value in record["latency"].items()}
    numbers = _pairs(record, "planned", "window")
    return StageSummary(**{**numbers, "latency": latency, "faults": tuple(record["faults"])})


def _timeline(record: Mapping[str, Any]) -> Timeline:
    outcomes = {key: tuple(value) for key, value in record["outcomes"].items()}
    lists = [key for key, value in record.items() if isinstance(value, list)]
    return Timeline(**{**_pairs(record, *lists), "outcomes": outcomes})


def _percentiles(record: Mapping[str, Any]) -> Percentiles:
    return Percentiles(
        stage=record["stage"], n=record["n"], curve=tuple((share, _number(value)) for share, value in record["curve"])
    )


def _pairs(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The record with these lists as tuples, their infinities as numbers."""
    return {
        key: tuple(map(_number, value)) if key in names and value is not None else value
        for key, value in record.items()
    }


def _number(value: Any) -> Any:
    return {"inf": inf, "-inf": -inf}.get(value, value) if isinstance(value, str) else value
