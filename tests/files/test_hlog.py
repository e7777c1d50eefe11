"""`latency.hlog` as others read it: the Python library, and the Java library that defines the format."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from pocchaos.files.histogram import HIGHEST, Histogram, highest_equivalent
from pocchaos.files.hlog import Interval, write_hlog

STARTED = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)
VERSION = "2.2.2"
READ = """
import java.io.File;
import java.util.Locale;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

public class Read {
    public static void main(String[] arguments) throws Exception {
        HistogramLogReader reader = new HistogramLogReader(new File(arguments[0]));
        EncodableHistogram next;
        while ((next = reader.nextIntervalHistogram()) != null) {
            Histogram found = (Histogram) next;
            System.out.printf(Locale.ROOT, "%s %d %d %d %d %d %d%n", found.getTag(), found.getStartTimeStamp(),
                found.getEndTimeStamp(), found.getTotalCount(), found.getValueAtPercentile(50),
                found.getValueAtPercentile(99), found.getMaxValue());
        }
        System.out.printf(Locale.ROOT, "start %.3f%n", reader.getStartTimeSec());
    }
}
"""


def interval(start: float, stage: str, kind: str, *counts: tuple[int, int]) -> Interval:
    return Interval(
        start=start, length=1.0, stage=stage, category="in_scope", kind=kind, histogram=Histogram.of(counts)
    )


INTERVALS = (
    interval(1.0, "load drop, late", "response", (910_000, 99), (2_718_281, 1)),
    interval(0.0, "baseline", "response", (5_000, 90), (1_250, 10)),
    interval(0.0, "baseline", "ttft", (1, 1), (HIGHEST, 1)),
)
IN_ORDER = (INTERVALS[1], INTERVALS[2], INTERVALS[0])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "latency.hlog"
    path.write_bytes(write_hlog(INTERVALS, started=STARTED))
    return path


def test_the_python_library_reads_every_interval(log: Path) -> None:
    reader = HistogramLogReader(str(log), HdrHistogram(1, HIGHEST, 3))
    try:
        for expected in IN_ORDER:
            found = reader.get_next_interval_histogram()
            assert found.get_tag() == expected.tag
            assert found.get_total_count() == expected.histogram.count
            assert found.get_start_time_stamp() == (STARTED.timestamp() + expected.start) * 1000
            assert {
                highest_equivalent(item.value_iterated_to): item.count_at_value_iterated_to for item in found
            } == dict(expected.histogram.buckets)
        assert reader.get_next_interval_histogram() is None
        assert reader.get_start_time_sec() == STARTED.timestamp()
    finally:
        reader.close()


def test_a_tag_holds_nothing_that_would_end_it() -> None:
    assert INTERVALS[0].tag == "load%20drop%2C%20late/in_scope/response"


def test_the_maximum_of_a_line_is_in_seconds_and_not_floored(log: Path) -> None:
    line = log.read_text().splitlines()[-1]
    assert 2.718281 <= float(line.split(",")[3]) < 2.721


@pytest.fixture(scope="session")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Java's own library, by Maven, which caches it."""
    if not (shutil.which("mvn") and shutil.which("java")):
        pytest.skip("needs Maven and a JDK (apt-get install maven default-jdk-headless)")
    folder = tmp_path_factory.mktemp("java")
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact=org.hdrhistogram:HdrHistogram:{VERSION}"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={folder}"], cwd=folder, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / f"HdrHistogram-{VERSION}.jar"


@pytest.mark.slow
def test_the_java_library_reads_the_same(log: Path, jar: Path) -> None:
    source = jar.parent / "Read.java"
    source.write_text(READ)
    done = subprocess.run(
        ["java", "-cp", str(jar), str(source), str(log)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    *lines, start = done.stdout.splitlines()
    assert start == f"start {STARTED.timestamp():.3f}"
    assert lines == [
        " ".join(
            map(
                str,
                (
                    expected.tag,
                    int((STARTED.timestamp() + expected.start) * 1000),
                    int((STARTED.timestamp() + expected.start + 1) * 1000),
                    expected.histogram.count,
                    expected.histogram.percentile(0.5),
                    expected.histogram.percentile(0.99),
                    expected.histogram.max,
                ),
            )
        )
        for expected in IN_ORDER
    ]
