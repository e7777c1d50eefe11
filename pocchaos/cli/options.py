"""Arguments and options that several verbs share."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pocchaos.model.errors import UsageError

ScenarioFile = Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file.", show_default=False)]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run directory, such as results/20261124-…", show_default=False)
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Another seed than the scenario's own: another plan.", show_default=False),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="env.X=VALUE", help="Set a variable that the scenario reads as ${env.X}.", show_default=False
    ),
]


def environment(settings: Sequence[str] | None) -> Mapping[str, str]:
    """The process's environment with `--set env.X=…` on top; raises UsageError for any other form."""
    given = dict(os.environ)
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals or not name.startswith("env.") or not name.removeprefix("env."):
            raise UsageError(f"--set {setting}: write it as --set env.NAME=VALUE")
        given[name.removeprefix("env.")] = value
    return given
