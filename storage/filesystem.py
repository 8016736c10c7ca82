"""What lies under the archive: whose file system, how much room, and names that are on the disk once they are given."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.errors import ArchiveError, ArchiveNetwork, DiskFull

if TYPE_CHECKING:
    from collections.abc import Callable

ROOM_BYTES: Final = 8 * 1024 * 1024
"""Less is no room: the log of a busy minute and the index files of an SQLite database take as much."""

NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a full disk, a quota and a file size limit answer with."""

NETWORK_MAGIC: Final = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB2",
    0x01021997: "9p",
    0x564C: "NCP",
    0x5346414F: "AFS",
    0x6B414653: "AFS",
    0x73757245: "Coda",
    0x00C36400: "Ceph",
    0x0BD00BD0: "Lustre",
}
"""File systems whose files lie on another machine, by statfs(2)'s f_type."""

FUSE_MAGIC: Final = 0x65735546
NETWORK_FUSE: Final = frozenset(
    {
        *("sshfs", "s3fs", "rclone", "glusterfs", "ceph-fuse", "davfs", "davfs2", "curlftpfs", "smbnetfs"),
        *("gcsfuse", "goofys", "juicefs", "blobfuse", "blobfuse2", "seaweedfs", "mount-s3"),
    }
)
"""What FUSE mounts call themselves whose files lie on another machine; the others are taken for local."""

_STATFS_BYTES: Final = 512


def _magic(path: Path) -> int | None:
    """statfs(2)'s f_type, or None where it cannot be asked."""
    try:
        statfs = ctypes.CDLL(None, use_errno=True).statfs
    except (OSError, AttributeError):
        return None
    answer = ctypes.create_string_buffer(_STATFS_BYTES)
    if statfs(os.fsencode(path), answer) != 0:
        return None
    # The field comes first and its width differs by platform; the numbers are of 32 bits.
    return ctypes.c_uint32.from_buffer(answer).value


def _mounts() -> str:
    """This process's mounts, as proc(5) has them, or nothing where there is no such file."""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def network_kind(
    path: Path, *, magic: Callable[[Path], int | None] = _magic, mounts: Callable[[], str] = _mounts
) -> str | None:
    """Which network file system `path` lies on, or will once it is made; None for a local or unknown one."""
    there = _existing(path)
    found = magic(there)
    if found == FUSE_MAGIC:
        kind = _type_of_mount(there, mounts()).removeprefix("fuse.")
        return kind if kind in NETWORK_FUSE else None
    return None if found is None else NETWORK_MAGIC.get(found)


def require_local(path: Path, *, kind_of: Callable[[Path], str | None] = network_kind) -> None:
    """Refuse to write an archive over a network.

    Raises:
        ArchiveNetwork: `path` lies on a network file system.
    """
    kind = kind_of(path)
    if kind is not None:
        raise ArchiveNetwork(
            f"{path} lies on a network file system ({kind}): the archive's write-ahead log needs memory that its "
            "processes share, and locks that hold, which no network gives; nothing was written. Put the data folder "
            "on a local disk, or, if no other machine ever opens it, start with --i-know or RASID_I_KNOW=1"
        )


def free_bytes(path: Path) -> int | None:
    """What an ordinary user may still write beside `path`; None where it cannot be asked."""
    try:
        found = os.statvfs(_existing(path))
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def require_room(path: Path, *, least: int = ROOM_BYTES) -> None:
    """Stop before work is done whose result cannot be kept.

    Raises:
        DiskFull: Less than `least` bytes are free.
    """
    free = free_bytes(path)
    if free is not None and free < least:
        raise DiskFull(f"{path}: {free // 1024} KiB are free, and the archive needs {least // 1024} to go on")


def settle_file(path: Path) -> None:
    """Return once the file's bytes are on the disk."""
    _sync(path, os.O_RDONLY)


def settle_folder(path: Path) -> None:
    """Return once the folder's names are on the disk: until then a power cut may take a rename back."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    try:
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in NO_SPACE:
            raise DiskFull(f"{path} cannot be brought to the disk: {error.strerror}") from error
        raise ArchiveError(f"{path} cannot be brought to the disk: {error.strerror}") from error


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there, without symbolic links."""
    resolved = path.resolve()
    return next((one for one in (resolved, *resolved.parents) if one.exists()), resolved)


def _type_of_mount(path: Path, mounts: str) -> str:
    """The type of the mount whose device number is that of `path`; empty where none has it."""
    device = path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        fields, _, source = line.partition(" - ")
        if fields.split()[2:3] == [number]:
            return source.split(" ", 1)[0]
    return ""
