"""A token that the scenario reads from the environment is on no byte of the disk, however it is written."""

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote, quote_plus

import polars as pl
import pytest

from tests.e2e.running import ran
from tests.e2e.scenarios import KEY, quick, started, write

pytestmark = pytest.mark.slow

FORMS = {KEY, b64encode(KEY.encode()).decode(), quote(KEY, safe=""), quote_plus(KEY)}


def holding(folder: Path) -> list[str]:
    """Files that hold the key, plain or encoded; Parquet pages are read as tables."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "quick.yaml":
            data = path.read_bytes()
            if path.suffix == ".parquet":
                data += str(pl.read_parquet(path).to_dicts()).encode()
            if any(form.encode() in data for form in FORMS):
                found.append(str(path.relative_to(folder)))
    return found


@pytest.mark.parametrize("habit", ["chatty", "broken"])
def test_no_file_of_a_run_holds_it(llm: str, tmp_path: Path, habit: str) -> None:
    """The target prints it, passes it on to its upstream, and (where it is broken) ends with it as its last words."""
    start = started(HABIT="chatty", ASK_KEY="${env.ASK_KEY}", **({"BROKEN": "1"} if habit == "broken" else {}))
    scenario = quick(llm, start=start, tenants=[{"name": "solo", "token": "${env.ASK_KEY}", "share": "100%"}])
    scenario["target"]["request"] |= {
        "headers": {"x-api-key": "${tenant.token}"},
        "json": {"q": "${input.text}", "session": "${tenant.token}"},
    }
    ended = ran("run", write(tmp_path, scenario), at=tmp_path, env={"ASK_KEY": KEY})
    assert ended.code == (2 if habit == "broken" else 0), ended.told()
    printed = (ended.run / "logs" / "target.log").read_text()
    assert "«secret:ASK_KEY»" in printed
    assert holding(tmp_path) == []
    assert not [form for form in FORMS if form in ended.out + ended.err]
    judged = ran("judge", ended.run, at=tmp_path)  # which does not know it
    assert judged.code == (3 if habit == "broken" else 0), judged.told()
    assert holding(tmp_path) == []
