"""Where toxiproxy-server comes from: PATH, our cache, or a build of our own."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pocchaos.model.errors import ToxiproxyMissingError
from pocchaos.toxiproxy.build import build_into
from pocchaos.toxiproxy.release import OLDEST, VERSION, is_new_enough, is_ours, tells_version, version_of


def find_server(*, say: Callable[[str], None], environ: Mapping[str, str] | None = None) -> Path:
    """The toxiproxy-server to start: on PATH, else in our cache, else built now.

    `say` receives lines of progress for a person. Raises ToxiproxyMissingError with the remedies where the one on
    PATH is too old or cannot run, or where none can be built.
    """
    env = os.environ if environ is None else environ
    if on_path := shutil.which("toxiproxy-server", path=env.get("PATH", os.defpath)):
        return _checked(Path(on_path))
    target = _cache_folder(env) / _cached_name()
    if not is_ours(target):
        build_into(target, say=say, environ=env)
    return target


def _checked(binary: Path) -> Path:
    told = tells_version(binary)
    if told is None:
        raise _unusable(f"{binary} is on PATH but does not answer to -version")
    version = version_of(binary, told)
    if version is None:
        raise _unusable(f"{binary} is on PATH but calls itself {told!r}, so its version cannot be told")
    if not is_new_enough(version):
        raise _unusable(f"{binary} is on PATH but is version {version}")
    return binary


def _unusable(what: str) -> ToxiproxyMissingError:
    return ToxiproxyMissingError(
        f"{what}; pocchaos needs {OLDEST[0]}.{OLDEST[1]} or newer: put a newer one first on PATH, "
        "or take this one off PATH and pocchaos builds its own"
    )


def _cache_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/pocchaos`, else `~/.cache/pocchaos`."""
    if base := environ.get("XDG_CACHE_HOME"):
        return Path(base) / "pocchaos"
    if home := environ.get("HOME"):
        return Path(home) / ".cache" / "pocchaos"
    try:
        return Path.home() / ".cache" / "pocchaos"
    except RuntimeError as error:
        raise ToxiproxyMissingError(
            "there is no folder to keep toxiproxy-server in: set XDG_CACHE_HOME to one that can be written"
        ) from error


def _cached_name() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"toxiproxy-server-{VERSION}-{sys.platform}-{machine}"
