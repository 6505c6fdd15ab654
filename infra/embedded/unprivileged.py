"""Run a program that refuses to run as root, as root: in a user namespace of its own, where root appears as nobody.

PostgreSQL looks at its user id and stops if it is zero. Inside the namespace that id is 65534, which every system knows, while
files
stay those of the caller; so no system user is made and no folder's rights are widened. For any other user it only executes.

    python -m infra.embedded.unprivileged PROGRAM ARGUMENT…
"""

import ctypes
import os
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2
_NOBODY = 65534


def enter_namespace() -> None:
    """Moves this process into a namespace where its root is nobody; OSError where the kernel does not allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    death_signal = ctypes.c_int()
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(death_signal))
    if libc.unshare(_CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"this kernel allows no user namespaces ({os.strerror(number)}); run as another user than root")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} 0 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} 0 1", encoding="ascii")
    # The kernel forgets the wish to die with the parent when credentials change.
    libc.prctl(_PR_SET_PDEATHSIG, death_signal.value)


def main() -> None:
    """Enters the namespace if this is root, then becomes the program."""
    program = sys.argv[1:]
    if os.geteuid() == 0:
        enter_namespace()
    os.execv(program[0], program)  # noqa: S606  argv comes from our own specifications


if __name__ == "__main__":
    main()
