"""`pocchaos report RUN`: the reports alone, from what was recorded; the verdict on disk is left as it is."""

import typer

from pocchaos.cli.options import RunPath


def report(run: RunPath) -> None:
    """Write report.html, report.md and junit.xml for a run, and print where they are.

    Example: pocchaos report results/20261124-101500-llm-outage-3f9a2b1c04
    """
    from pocchaos.files.rundir import RunDirectory
    from pocchaos.judging import judge as judge_run
    from pocchaos.report import write_reports

    directory = RunDirectory.open(run)
    for path in write_reports(judge_run(directory), directory.path):
        typer.echo(str(path))
