"""The catalogue has every fault that there is a file for, and the page about it has a row for each."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import get_args

import pytest

import pocchaos.faults
from pocchaos.faults import AnyStandFault, AnyToxic, BaseFault, Down, StandFault, Toxic

CATALOGUE: tuple[type[BaseFault], ...] = (Down, *get_args(AnyToxic), *get_args(AnyStandFault))
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"


def type_of(kind: type[BaseFault]) -> str:
    """The word that a scenario writes."""
    word: str = kind.model_fields["type"].default
    return word


def test_every_fault_of_a_file_is_in_its_union() -> None:
    """A member that was forgotten is unknown to the language, and the stand would end of it."""
    files = [name for _, name, _ in iter_modules(pocchaos.faults.__path__) if name != "base"]
    modules = [import_module(f"pocchaos.faults.{name}") for name in files]
    made = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, BaseFault) and one.__module__ == module.__name__
    }
    assert made == set(CATALOGUE), "enter it in the union of pocchaos/faults/__init__.py"
    assert sorted(type_of(kind) for kind in CATALOGUE) == sorted(files), "a file is named after its fault"
    assert all(issubclass(kind, Toxic) for kind in get_args(AnyToxic))
    assert all(issubclass(kind, StandFault) for kind in get_args(AnyStandFault))


@pytest.mark.parametrize("kind", CATALOGUE, ids=type_of)
def test_every_fault_has_a_row_that_names_each_of_its_attributes(kind: type[BaseFault]) -> None:
    rows = re.findall(rf"^\| `{type_of(kind)}` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == 1, f"docs/reference/faults.md needs one row for {type_of(kind)}"
    attributes = kind.model_fields["attributes"].annotation
    assert attributes is not None
    told = {name: bool(must) for name, must in re.findall(r"`(\w+)`(†?)", rows[0].split(" | ")[0])}
    known = {name: field.is_required() for name, field in attributes.model_fields.items()}
    assert told == known, "the attributes in the row, † for those that must be given, are not those of the fault"
