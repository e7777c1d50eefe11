"""The matrix as values: which runs there are, and what each must come to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / "scenarios" / "selftest"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One run: a scenario, a seed, and a defect (empty: the healthy POC)."""

    scenario: str
    seed: int
    defect: str = ""
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """`healthy/stall.yaml/101`."""
        return f"{self.defect or 'healthy'}/{self.scenario}/{self.seed}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one run came to: each criterion's verdict, and the whole's."""

    key: str
    verdict: str
    criteria: dict[str, str]
    seconds: float
    run: str

    def judge(self, cell: Cell) -> Literal["clean", "inconclusive", "missed", "false alarm"]:
        """Whether the run said what it should."""
        failed = {name for name, verdict in self.criteria.items() if verdict == "FAIL"}
        if self.verdict.startswith("exit"):
            return "missed" if cell.defect else "false alarm"  # a part of ours died: that is no evidence of anything
        if failed - set(cell.must) - set(cell.may):
            return "false alarm"
        if set(cell.must) - failed:
            return "missed"
        if not cell.defect and self.verdict != "PASS":
            return "inconclusive"
        return "clean"


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All cells, in the order in which they are run, and how many healthy runs may stay inconclusive."""

    cells: tuple[Cell, ...]
    inconclusive: int

    def part(self) -> "Matrix":
        """The part for CI: the healthy POC twice, each defect once."""
        healthy = [cell for cell in self.cells if not cell.defect][:2]
        defects = {cell.defect: cell for cell in reversed(self.cells) if cell.defect}
        return Matrix(cells=(*healthy, *reversed(defects.values())), inconclusive=min(self.inconclusive, 1))


def read(folder: Path = FOLDER) -> Matrix:
    """The matrix of scenarios/selftest/matrix.yaml."""
    told: dict[str, Any] = YAML(typ="safe").load(folder / "matrix.yaml")
    healthy = told["healthy"]
    cells = [
        Cell(scenario=healthy["scenarios"][number % len(healthy["scenarios"])], seed=seed)
        for number, seed in enumerate(healthy["seeds"])
    ]
    cells += [
        Cell(scenario=row["scenario"], seed=seed, defect=defect, must=tuple(row["must"]), may=tuple(row["may"]))
        for defect, row in told["defects"].items()
        for seed in row["seeds"]
    ]
    return Matrix(cells=tuple(cells), inconclusive=healthy["inconclusive"])
