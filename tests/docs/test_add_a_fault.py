"""The page "Add a fault in one file", followed to the letter in a copy: one file, one member, one test, one row."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pocchaos

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-fault.md"
BLOCK = re.compile(r'^ *```\w+ title="([^"]+)"\n(.*?)^ *```$', re.MULTILINE | re.DOTALL)
TABLE = "docs/reference/faults.md"


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    return dict(BLOCK.findall(PAGE.read_text()))


@pytest.fixture(scope="module")
def followed(blocks: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and of our tests, with the page's files, lines and row in it."""
    root = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("pocchaos", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    catalogue = root / "pocchaos" / "faults" / "__init__.py"
    catalogue.write_text(with_added(catalogue.read_text(), blocks["pocchaos/faults/__init__.py"]))
    table = root / TABLE
    table.parent.mkdir(parents=True)
    table.write_text(with_row((ROOT / TABLE).read_text(), blocks[TABLE].strip()))
    for name in ("pocchaos/faults/hiccup.py", "tests/faults/test_hiccup.py", "try_hiccup.py"):
        (root / name).write_text(blocks[name])
    return root


def with_added(text: str, diff: str) -> str:
    """The file with the diff's two added lines: the import first, the union's member at its end."""
    imported, member = (line[1:] for line in diff.splitlines() if line.startswith("+"))
    head, union, rest = text.partition("AnyStandFault = (\n")
    assert union
    head = head.replace("from pocchaos.faults.http_error", f"{imported}\nfrom pocchaos.faults.http_error", 1)
    members, end, rest = rest.partition(")  # fmt: skip\n")
    return f"{head}{union}{members}{member}\n{end}{rest}"


def with_row(text: str, row: str) -> str:
    """The page with one more row in the table of the stand's faults."""
    head, last, rest = re.split(r"^(\| `stall` \|.*\n)", text, maxsplit=1, flags=re.MULTILINE)
    return f"{head}{last}{row}\n{rest}"


def under_pytest(root: Path, *what: str) -> "subprocess.CompletedProcess[str]":
    return run(root, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *what)


def run(root: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


def test_the_lines_around_the_added_ones_are_in_the_catalogue(blocks: dict[str, str]) -> None:
    """The page shows the file as it is."""
    text = (Path(pocchaos.__file__).parent / "faults" / "__init__.py").read_text()
    for line in blocks["pocchaos/faults/__init__.py"].splitlines():
        assert line.startswith("+") or line.strip() == "…" or line[1:] in text.splitlines()


def test_the_pages_test_passes(followed: Path) -> None:
    done = under_pytest(followed, "tests/faults/test_hiccup.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_the_pages_test_fails_when_it_should(followed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "test_hiccup.py"
    broken.write_text((followed / "tests" / "faults" / "test_hiccup.py").read_text().replace('"2s"', '"3s"'))
    done = under_pytest(followed, str(broken), "-k", "late_by_the_pause")
    assert done.returncode == 1
    assert "2 failed" in done.stdout


@pytest.mark.slow
def test_no_test_of_ours_has_to_be_changed_for_it(followed: Path) -> None:
    """Where the types are listed, they are listed from the unions."""
    language = [f"tests/scenario/test_{name}.py" for name in ("broken_files", "good_files", "not_yet", "schema")]
    done = under_pytest(followed, "-vv", "tests/faults/test_catalogue.py", "tests/faults/test_toxics.py", *language)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "attributes[hiccup] PASSED" in done.stdout


def test_a_real_client_sees_the_fault_and_the_log_names_it(followed: Path) -> None:
    done = run(followed, "try_hiccup.py")
    assert done.returncode == 0, done.stdout + done.stderr
    *tokens, row = [line for line in done.stdout.splitlines() if line.strip()]
    gaps = [int(line.split(" ms")[0]) for line in tokens]
    assert sum(gaps[:3]) >= 498  # less what printing rounds; on a busy machine the token before may be late itself
    assert json.loads(row)["faults"] == ["hiccup@1"]


def test_the_scenario_language_reads_it(followed: Path, blocks: dict[str, str]) -> None:
    script = (
        "import sys\n"
        "from pydantic import TypeAdapter\n"
        "from ruamel.yaml import YAML\n"
        "from pocchaos.scenario.language import Stage\n"
        "told = YAML(typ='safe').load(sys.argv[1])['stages']\n"
        "print(TypeAdapter(tuple[Stage, ...]).validate_python(told)[1].faults[0].attributes)\n"
    )
    done = run(followed, "-c", script, blocks["scenario.yaml"])
    assert "pause=4.0" in done.stdout, done.stderr


def test_the_pages_code_is_as_clean_as_ours(followed: Path) -> None:
    """Somebody who copies it must not be sent back by the linter."""
    settings = str(ROOT / "pyproject.toml")
    names = ["pocchaos/faults/hiccup.py", "tests/faults/test_hiccup.py"]
    lint = run(followed, "-m", "ruff", "check", "--config", settings, *names)
    assert lint.returncode == 0, lint.stdout
    layout = run(followed, "-m", "ruff", "format", "--check", "--config", settings, *names)
    assert layout.returncode == 0, layout.stdout
