"""Where the server comes from, in order; and one clear message where it comes from nowhere."""

import fcntl
import platform
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from pocchaos.model.errors import ToxiproxyMissingError
from pocchaos.toxiproxy import find_server
from pocchaos.toxiproxy.build import build_into, module_folder
from pocchaos.toxiproxy.release import VERSION, is_new_enough, tells_version
from tests.toxiproxy.origins import wait_until

SYSTEM = "/usr/bin:/bin"
REPOSITORY = Path(__file__).parents[2]
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]  # as the cache names it


def quiet(line: str) -> None:
    del line


def script(folder: Path, *lines: str, name: str = "toxiproxy-server") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def on_path(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}:{SYSTEM}", "HOME": str(folder)}


@pytest.mark.parametrize("version", ["2.9.0", "2.12.0", "3.0.0", "v2.10.1"])
def test_one_on_path_is_taken(tmp_path: Path, version: str) -> None:
    binary = script(tmp_path / "bin", f"echo toxiproxy-server version {version}")
    assert find_server(say=quiet, environ=on_path(tmp_path / "bin")) == binary


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["echo toxiproxy-server version 2.8.9"], "is version 2.8.9"),
        (["echo toxiproxy-server version 1.2.1"], "is version 1.2.1"),
        (["echo toxiproxy-server version git"], "calls itself 'git', so its version cannot be told"),
        (["echo hello"], "does not answer to -version"),
        (["exit 1"], "does not answer to -version"),
    ],
)
def test_one_on_path_that_will_not_do_is_named_with_the_remedy(tmp_path: Path, lines: list[str], said: str) -> None:
    binary = script(tmp_path / "bin", *lines)
    with pytest.raises(ToxiproxyMissingError) as caught:
        find_server(say=quiet, environ=on_path(tmp_path / "bin"))
    assert str(caught.value) == (
        f"{binary} is on PATH but {said}; pocchaos needs 2.9 or newer: put a newer one first on PATH, "
        "or take this one off PATH and pocchaos builds its own"
    )


@pytest.mark.parametrize(("built_from", "good"), [("v2.12.0", True), ("v2.8.0", False), ("(devel)", False)])
def test_a_binary_that_calls_itself_git_is_known_by_its_module(tmp_path: Path, built_from: str, good: bool) -> None:
    """Built without a name for its version, it still carries the module's, as Go wrote it in."""
    module = f"# mod\tgithub.com/Shopify/toxiproxy/v2\t{built_from}\th1:d1x++lYZg/zijXPP="
    binary = script(tmp_path / "bin", "echo toxiproxy-server version git", module)
    if good:
        assert find_server(say=quiet, environ=on_path(tmp_path / "bin")) == binary
    else:
        with pytest.raises(ToxiproxyMissingError):
            find_server(say=quiet, environ=on_path(tmp_path / "bin"))


def test_one_in_the_cache_is_taken_without_a_build(tmp_path: Path, toxiproxy_server: Path) -> None:
    cached = tmp_path / "pocchaos" / f"toxiproxy-server-{VERSION}-{sys.platform}-{MACHINE}"
    cached.parent.mkdir()
    shutil.copy(toxiproxy_server, cached)
    said: list[str] = []
    assert find_server(say=said.append, environ={"PATH": SYSTEM, "XDG_CACHE_HOME": str(tmp_path)}) == cached
    assert said == []


def test_a_cache_that_cannot_be_written_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environ = {"PATH": SYSTEM, "XDG_CACHE_HOME": str(tmp_path / "file")}
    with pytest.raises(ToxiproxyMissingError, match="set XDG_CACHE_HOME to a folder that can"):
        find_server(say=quiet, environ=environ)


def go(folder: Path, *build: str, version: str = "go1.30.1") -> dict[str, str]:
    """A `go` of our own making on PATH."""
    script(folder, f'[ "$1" = version ] && {{ echo go version {version} linux/amd64; exit; }}', *build, name="go")
    return on_path(folder)


def test_a_build_that_fails_shows_its_last_lines_and_the_remedies(tmp_path: Path) -> None:
    environ = go(tmp_path / "bin", "echo one; echo dial tcp: lookup proxy: no such host >&2; exit 1")
    with pytest.raises(ToxiproxyMissingError) as caught:
        build_into(tmp_path / "cache" / "server", say=quiet, environ=environ)
    assert str(caught.value) == (
        "there is no toxiproxy-server here and building one failed: building toxiproxy-server ended with status 1\n"
        "    one\n"
        "    dial tcp: lookup proxy: no such host\n"
        "  put a toxiproxy-server 2.9 or newer on PATH;\n"
        "  or install Go 1.24 or newer, so that pocchaos can build it;\n"
        "  or set POCCHAOS_TOXIPROXY_URL to the address of one that runs, such as http://127.0.0.1:8474"
    )
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["server.lock"], "nothing half-built stays"


def test_a_build_that_yields_no_server_is_not_kept(tmp_path: Path) -> None:
    environ = go(tmp_path / "bin", 'while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"')
    with pytest.raises(ToxiproxyMissingError, match="does not run here"):
        build_into(tmp_path / "cache" / "server", say=quiet, environ=environ)


OUTPUT = 'while [ "$1" != -o ]; do shift; done'
SERVER = f"{OUTPUT}; printf '#!/bin/sh\\necho toxiproxy-server version 2.12.0\\n' > $2; chmod +x $2"


def test_a_build_ends_as_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "server"
    said: list[str] = []
    build_into(target, say=said.append, environ=go(tmp_path / "bin", SERVER))
    assert tells_version(target) == VERSION
    assert said[0].startswith("building toxiproxy-server 2.12.0 with ")
    assert said[-1].endswith(f": {target}")


def test_a_second_build_waits_for_the_first_and_takes_what_it_made(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "server"
    target.parent.mkdir()
    said: list[str] = []
    environ = go(tmp_path / "bin", "echo it must not build; exit 1")
    with (tmp_path / "cache" / "server.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = threading.Thread(target=lambda: build_into(target, say=said.append, environ=environ))
        second.start()
        wait_until(lambda: len(said) == 1, "the second build's word that it waits")
        script(target.parent, "echo toxiproxy-server version 2.12.0", name="server")
    second.join(10)
    assert said == ["another process is building toxiproxy-server: waiting for it"]


def test_without_a_home_the_caches_of_go_go_with_the_build(tmp_path: Path) -> None:
    environ = go(tmp_path / "bin", f'echo "$GOCACHE $GOPATH $CGO_ENABLED" > {tmp_path}/told', SERVER)
    del environ["HOME"]
    build_into(tmp_path / "cache" / "server", say=quiet, environ=environ)
    go_cache, go_path, cgo = (tmp_path / "told").read_text().split()
    assert Path(go_cache).is_relative_to(tmp_path / "cache")
    assert Path(go_path).is_relative_to(tmp_path / "cache")
    assert cgo == "0"
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"server", "server.lock"}


def test_the_module_pins_the_version_that_we_name() -> None:
    assert f"github.com/Shopify/toxiproxy/v2 v{VERSION}" in (module_folder() / "go.mod").read_text()
    assert f"github.com/Shopify/toxiproxy/v2 v{VERSION} h1:" in (module_folder() / "go.sum").read_text()


def test_the_wheel_brings_what_the_build_needs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        for name in ("go.mod", "go.sum"):
            inside = content.read(f"pocchaos/toxiproxy/module/{name}")
            assert inside == (REPOSITORY / "proxies" / name).read_bytes()


@pytest.mark.parametrize(("version", "enough"), [("2.9", True), ("10.0", True), ("2.8.0", False), ("git", None)])
def test_versions_are_compared_as_numbers(version: str, enough: bool | None) -> None:
    assert is_new_enough(version) is enough
