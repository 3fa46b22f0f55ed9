"""Run a command that ends with its starter: `python -I -S launcher.py PARENT SIGNAL UID COMMAND...`.

A program of its own, because what it does must happen between fork and exec, and doing that in the starter
(`preexec_fn`) is unsafe once the starter has threads. It runs by path and imports nothing of ours.
"""

import ctypes
import os
import sys
import warnings  # noqa: F401 - os.execvp loads it, and the new user may not reach our Python

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def drop_privileges(uid: int) -> None:
    """Become `uid` with the group of the same number and no other; needs root, and no entry in passwd."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def end_with_parent(parent: int, death_signal: int) -> None:
    """Have the kernel send us `death_signal` when `parent` ends, however it ends; exit if it already has."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(1)


def main(parent: str, death_signal: str, uid: str, *command: str) -> None:
    """Change user if `uid` is not empty, bind our life to the parent's, and become the command."""
    if uid:
        drop_privileges(int(uid))
    # After the change of user, which clears the request. exec keeps it: neither program is set-uid.
    if sys.platform == "linux":
        end_with_parent(int(parent), int(death_signal))
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
