"""What the pages show is run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pocchaos.files.batch import Batch, encode
from pocchaos.files.evidence import SampleLog, compact
from pocchaos.model.evidence import How, Sample
from pocchaos.model.outcome import GRACEFUL, UNGRACEFUL, Outcome
from pocchaos.model.units import Bytes

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "docs" / "how-to" / "read-the-evidence.md"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    log = SampleLog(tmp_path, keep=Bytes(1_000), seed=0)
    batch = Batch(worker=0, number=0, samples=(Sample(request=0, due=0, how=How.COMPLETE, status=200),))
    log.write(batch, encode(batch))
    log.close()
    compact(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", EVIDENCE.read_text(), re.DOTALL))
def test_the_evidence_opens_as_the_page_says(run: Path, block: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"run = {str(run)!r}\n{block}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "200" in told.stdout or "complete" in told.stdout


def test_the_scenario_of_the_readme_is_accepted_and_can_pass(tmp_path: Path) -> None:
    """The first file that a stranger copies must not be refused."""
    block = re.search(r"```yaml\n(# my_poc.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    (tmp_path / "my_poc.yaml").write_text(block[1])
    (tmp_path / "questions.jsonl").write_bytes((ROOT / "scenarios" / "inputs" / "in_scope.jsonl").read_bytes())
    told = subprocess.run(
        [sys.executable, "-m", "pocchaos", "check", str(tmp_path / "my_poc.yaml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_outcome_has_its_row_and_says_whether_it_is_graceful() -> None:
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \|.*\| (yes|no|–) \|$", (ROOT / "docs/reference/outcomes.md").read_text(), re.MULTILINE
        )
    )
    expected = {outcome.value: "–" for outcome in Outcome}
    expected |= {outcome.value: "yes" for outcome in GRACEFUL} | {outcome.value: "no" for outcome in UNGRACEFUL}
    assert rows == expected


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/README.md",
        "docs/how-to/add-a-fault.md",
        "docs/reference/faults.md",
    ],
)
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    path = ROOT / page
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if not link.startswith("https://"):
            assert (path.parent / link).exists(), f"{page}: {link}"
