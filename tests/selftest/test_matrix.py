"""The self-test itself must be able to fail: a missed defect and a false alarm are told apart from a clean run."""

from pocchaos.reference.defects import Defect
from tests.selftest.matrix import Cell, Result, read

DEFECT = Cell(scenario="stall.yaml", seed=1, defect="no_timeout", must=("no-hang",), may=("recover",))
HEALTHY = Cell(scenario="stall.yaml", seed=1)


def result(verdict: str, **criteria: str) -> Result:
    named = {name.replace("_", "-"): value for name, value in criteria.items()}
    return Result(key="x", verdict=verdict, criteria=named, seconds=60.0, run="results/x")


def test_a_defect_is_found_when_all_its_criteria_fail() -> None:
    assert result("FAIL", no_hang="FAIL", quality="PASS").judge(DEFECT) == "clean"
    assert result("FAIL", no_hang="FAIL", recover="FAIL").judge(DEFECT) == "clean"


def test_a_defect_is_missed_when_one_of_them_does_not() -> None:
    assert result("INCONCLUSIVE", no_hang="INCONCLUSIVE").judge(DEFECT) == "missed"
    assert result("PASS", no_hang="PASS").judge(DEFECT) == "missed"


def test_a_criterion_that_the_row_does_not_name_is_a_false_alarm() -> None:
    assert result("FAIL", no_hang="FAIL", quality="FAIL").judge(DEFECT) == "false alarm"
    assert result("FAIL", quality="FAIL").judge(HEALTHY) == "false alarm"


def test_a_healthy_run_without_evidence_is_counted_as_such() -> None:
    assert result("INCONCLUSIVE", quality="INCONCLUSIVE").judge(HEALTHY) == "inconclusive"
    assert result("PASS", quality="PASS").judge(HEALTHY) == "clean"


def test_the_matrix_has_ten_healthy_runs_and_every_defect_three_times() -> None:
    matrix = read()
    assert len([cell for cell in matrix.cells if not cell.defect]) == 10
    for defect in Defect:
        assert len([cell for cell in matrix.cells if cell.defect == defect.value]) == 3


def test_the_part_for_ci_runs_the_healthy_poc_twice_and_each_defect_once() -> None:
    cells = read().part().cells
    assert len([cell for cell in cells if not cell.defect]) == 2
    assert sorted(cell.defect for cell in cells if cell.defect) == sorted(defect.value for defect in Defect)
