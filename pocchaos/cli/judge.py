"""`pocchaos judge RUN`: repeat everything after the recording, offline."""

import typer

from pocchaos.cli.options import RunPath


def judge(run: RunPath) -> None:
    """Judge a recorded run again: the same evidence gives the same bytes.

    Example: pocchaos judge results/20261124-101500-llm-outage-3f9a2b1c04
    """
    from pocchaos.files.rundir import RunDirectory
    from pocchaos.judging import judge_and_keep
    from pocchaos.report import write_reports
    from pocchaos.report.console import print_judged

    directory = RunDirectory.open(run)
    judged = judge_and_keep(directory)
    write_reports(judged, directory.path)
    print_judged(judged, directory.path)
    raise typer.Exit(judged.exit_code)
