"""Become another program that the kernel ends together with the process that started it (Linux).

Run as a script: `python -I -S tether.py PARENT_PID PROGRAM [ARGUMENT …]`. Without it, a harness that is killed would
leave its server behind, with its faults on. A step of its own instead of `preexec_fn`, which may deadlock where
the parent has threads. The kernel watches the *thread* that started us: start from one that lasts.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, *command: str) -> None:
    """Ask for SIGKILL at the parent's death, then become the command; the pid stays."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it died before we asked
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 -- that is what it is for; no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
