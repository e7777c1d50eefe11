"""`python -m tests.selftest [--part]`: run the matrix, one run after the other, and go on where it stopped.

Results are kept per commit in results/selftest/: what is done is not done again. Ends with 1 if a
defect was missed, the healthy POC was blamed, or more healthy runs than allowed stayed inconclusive.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.selftest.matrix import FOLDER, Cell, Matrix, Result, read

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "results" / "selftest"
NO_COMMIT = "no-commit"
LONGEST = 240  # s for one run, start and judging included


def main() -> int:
    """Run what is missing, say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.selftest", description=__doc__)
    parser.add_argument("--part", action="store_true", help="the healthy POC twice and each defect once")
    parser.add_argument("--fresh", action="store_true", help="forget what was done at this commit")
    given = parser.parse_args()
    matrix = read()
    if given.part:
        matrix = matrix.part()
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{_commit()}.jsonl"
    if given.fresh:
        kept.unlink(missing_ok=True)
    done = _done(kept)
    for number, cell in enumerate(matrix.cells, start=1):
        if cell.key not in done:
            done[cell.key] = _run(cell)
            with kept.open("a") as file:
                file.write(json.dumps(asdict(done[cell.key])) + "\n")
        result = done[cell.key]
        failed = ", ".join(name for name, verdict in result.criteria.items() if verdict == "FAIL") or "none"
        print(
            f"[{number}/{len(matrix.cells)}] {cell.key}: {result.judge(cell)} "
            f"({result.verdict}; failed: {failed}; {result.seconds:.0f} s; {result.run})",
            flush=True,
        )
    return _tell(matrix, done)


def _run(cell: Cell) -> Result:
    began = time.monotonic()
    environment = {**os.environ, "POCCHAOS_DEFECT": cell.defect}
    if not cell.defect:
        environment.pop("POCCHAOS_DEFECT")
    out = KEPT / "runs" / cell.key.replace("/", "-") / f"{time.time_ns()}"
    out.mkdir(parents=True)
    command = [sys.executable, "-m", "pocchaos", "run", str(FOLDER / cell.scenario), "--seed", str(cell.seed)]
    with (out / "output.log").open("w") as log:
        code = subprocess.run(
            [*command, "--out", str(out)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        ).returncode
    found = sorted(out.glob("*/verdicts.json"))
    seconds = time.monotonic() - began
    if not found:
        told = (out / "output.log").read_text()[-2_000:]
        sys.exit(f"{cell.key}: no verdict (exit code {code}):\n{told}")
    verdicts = json.loads(found[0].read_bytes())
    return Result(
        key=cell.key,
        verdict=verdicts["verdict"] if code in (0, 1, 3) else f"exit {code}",
        criteria={criterion["id"]: criterion["verdict"] for criterion in verdicts["criteria"]},
        seconds=seconds,
        run=str(found[0].parent.relative_to(ROOT)),
    )


def _tell(matrix: Matrix, done: dict[str, Result]) -> int:
    judged = [(cell, done[cell.key].judge(cell)) for cell in matrix.cells]
    planted = [judgement for cell, judgement in judged if cell.defect]
    healthy = [judgement for cell, judgement in judged if not cell.defect]
    missed = planted.count("missed")
    alarms = [judgement for _, judgement in judged].count("false alarm")
    open_ = healthy.count("inconclusive")
    print(f"defects found: {len(planted) - missed}/{len(planted)}")
    print(f"false alarms: {healthy.count('false alarm')}/{len(healthy)} healthy runs; inconclusive: {open_}")
    clean = not missed and not alarms and open_ <= matrix.inconclusive
    passed = [judgement for _, judgement in judged].count("clean")
    print(f"{passed} passed, {0 if clean else len(judged) - passed} failed")
    return 0 if clean else 1


def _done(kept: Path) -> dict[str, Result]:
    if not kept.exists():
        return {}
    return {result.key: result for result in (Result(**json.loads(line)) for line in kept.read_text().splitlines())}


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() or NO_COMMIT


if __name__ == "__main__":
    sys.exit(main())
