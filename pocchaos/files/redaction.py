"""Secrets out of files that others wrote: what a target prints may hold what it was given."""

from pathlib import Path

from pocchaos.exchange.redact import Redaction


def redact_logs(folder: Path, redaction: Redaction) -> None:
    """Every log of a run directory, without its secrets; one that has none is left as it is."""
    for log in sorted((folder / "logs").glob("*.log")):
        redact_file(log, redaction)


def redact_file(log: Path, redaction: Redaction) -> None:
    """The same for one file, line by line, replaced in one step."""
    beside = log.with_name(log.name + ".new")
    changed = False
    with (
        log.open(errors="surrogateescape", newline="") as said,
        beside.open("w", errors="surrogateescape", newline="") as kept,
    ):
        for line in said:
            clean = redaction.text(line)
            changed |= clean is not line
            kept.write(clean)
    if changed:
        beside.replace(log)
    else:
        beside.unlink()
