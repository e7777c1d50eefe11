"""Real Postgres and Redis servers for the tests: a fresh directory, a free port, ended by their own process id."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def postgres_programs() -> Path | None:
    """The folder with initdb and postgres, where they are installed."""
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@contextmanager
def postgres(folder: Path, programs: Path) -> Iterator[str]:
    """A server with an empty database; yields its URL."""
    # the server refuses to run as root, so root lends it the account that its package made
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    if account:
        above = (parent for parent in folder.parents if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001)
        for path in (folder, *above):
            path.chmod(0o755)
        os.chown(folder, account.pw_uid, account.pw_gid)
    files = folder / "files"
    subprocess.run(
        [programs / "initdb", "-D", files, "-U", "poc", "--auth=trust", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        **user,  # type: ignore[call-overload]
    )
    port = free_port()
    command: list[str | Path] = [
        programs / "postgres",
        "-D",
        files,
        "-p",
        str(port),
        "-h",
        "127.0.0.1",
        "-k",
        folder,
        "-F",
    ]
    with running(command, folder, lambda: _speaks_postgres(port), **user):
        yield f"postgresql://poc@127.0.0.1:{port}/postgres"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """An empty server; yields its URL."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with running(command, folder, lambda: _connects(port)):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running(
    command: Sequence[str | Path], folder: Path, ready: Callable[[], bool], **user: object
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, once it is ready; ended in any case."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **user)  # type: ignore[call-overload]
        try:
            deadline = time.monotonic() + 20
            while not ready():
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _speaks_postgres(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://poc@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
