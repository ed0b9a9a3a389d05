"""The few system calls that Python does not offer."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 0x40000

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_IFF_UP = 1


def prctl(option: int, argument: int) -> None:
    """Set an attribute of this process; see prctl(2).

    Raises:
        OSError: the kernel refuses.
    """
    _checked("prctl", option, argument, 0, 0, 0)


def unshare(flags: int) -> None:
    """Move this process to new namespaces of the given kinds; see unshare(2).

    Raises:
        OSError: the kernel does not allow it.
    """
    _checked("unshare", flags)


def enter_network(fd: int) -> None:
    """Move to the network namespace behind a descriptor; see setns(2).

    Raises:
        OSError: the kernel does not allow it.
    """
    _checked("setns", fd, CLONE_NEWNET)


def mount(source: str, target: str, kind: str, flags: int) -> None:
    """Mount a file system; see mount(2).

    Raises:
        OSError: the kernel does not allow it.
    """
    _checked("mount", source.encode(), target.encode(), kind.encode(), flags, None)


def set_link(name: str, *, up: bool) -> None:
    """Switch a network interface of this namespace on or off.

    Raises:
        OSError: there is no such interface, or the kernel does not allow it.
    """
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode(), 0))
        flags = struct.unpack("16sh22x", answer)[1]
        flags = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", name.encode(), flags))


def _checked(call: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
