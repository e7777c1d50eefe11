"""Starts the ask service in the background and ends, as `docker compose up -d` does; `stop PIDFILE` ends it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


def main(verb: str, pidfile: str) -> None:
    path = Path(pidfile)
    if verb == "start":
        ask = Path(__file__).with_name("ask.py")
        with Path(os.devnull).open("wb") as nothing:
            process = subprocess.Popen(
                [sys.executable, str(ask)], start_new_session=True, stdout=nothing, stderr=nothing
            )
        path.write_text(str(process.pid))
        process.returncode = 0  # left behind on purpose: nobody waits for it here
    else:
        pid = int(path.read_text())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            while True:
                os.kill(pid, 0)
                time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
