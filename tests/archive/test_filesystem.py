"""What lies under the archive: networks are refused, whatever is unknown is not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from monitor.errors import ArchiveNetwork, DiskFull
from storage.archive import SqliteArchive
from storage.filesystem import (
    FUSE_MAGIC,
    NETWORK_MAGIC,
    free_bytes,
    network_kind,
    require_local,
    require_room,
    settle_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

EXT4, TMPFS, OVERLAY, BTRFS, ZFS = 0xEF53, 0x01021994, 0x794C7630, 0x9123683E, 0x2FC12FC1


def mounts_of(path: Path, kind: str) -> str:
    """A line of proc(5)'s mountinfo for the device that `path` lies on, among others."""
    device = path.stat().st_dev
    mine = f"{os.major(device)}:{os.minor(device)}"
    return (
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        f"36 25 {mine} / /mnt/some\\040where rw,noatime master:1 - {kind} me@host:/data rw\n"
        "40 25 0:99 / /mnt/other rw - fuse.sshfs other rw\n"
    )


@pytest.mark.parametrize(
    ("magic", "kind"),
    [(0x6969, "NFS"), (0xFF534D42, "CIFS"), (0xFE534D42, "SMB2"), (0x517B, "SMB"), (0x01021997, "9p")],
)
def test_network_file_systems_are_known_by_their_numbers(tmp_path: Path, magic: int, kind: str) -> None:
    assert network_kind(tmp_path, magic=lambda _: magic) == kind


@pytest.mark.parametrize("magic", [EXT4, TMPFS, OVERLAY, BTRFS, ZFS, 0, 0x12345678, None])
def test_local_and_unknown_file_systems_are_allowed(tmp_path: Path, magic: int | None) -> None:
    assert network_kind(tmp_path, magic=lambda _: magic) is None


@pytest.mark.parametrize(
    ("kind", "found"),
    [("fuse.sshfs", "sshfs"), ("fuse.rclone", "rclone"), ("fuse.gocryptfs", None), ("virtiofs", None), ("fuse", None)],
)
def test_a_fuse_mount_is_judged_by_its_name(tmp_path: Path, kind: str, found: str | None) -> None:
    answer = network_kind(tmp_path, magic=lambda _: FUSE_MAGIC, mounts=lambda: mounts_of(tmp_path, kind))
    assert answer == found


def test_a_fuse_mount_that_is_not_listed_is_allowed(tmp_path: Path) -> None:
    assert network_kind(tmp_path, magic=lambda _: FUSE_MAGIC, mounts=lambda: "") is None


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_it_will_lie_in(tmp_path: Path) -> None:
    asked: list[Path] = []

    def magic(path: Path) -> int:
        asked.append(path)
        return 0x6969

    assert network_kind(tmp_path / "new" / "data" / "rasid.db", magic=magic) == "NFS"
    assert asked == [tmp_path.resolve()]


def test_the_refusal_says_where_why_and_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(ArchiveNetwork, match=r"network file system \(NFS\).*share.*--i-know") as refused:
        require_local(tmp_path, kind_of=lambda _: "NFS")
    assert str(tmp_path) in refused.value.message
    assert refused.value.code == "E-ARCHIVE-NETWORK"
    assert not refused.value.transient


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_this_folder_is_asked_for_real_and_may_be_written(tmp_path: Path) -> None:
    assert network_kind(tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_an_archive_on_a_network_is_refused_before_anything_is_made_and_opened_where_the_operator_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No network mount can be had here: this disk's own number is put on the list in its stead.
    here = next(number for number in (EXT4, TMPFS, OVERLAY, BTRFS, ZFS, 0x58465342, 0) if _lies_on(tmp_path, number))
    monkeypatch.setitem(NETWORK_MAGIC, here, "NFS")
    path = tmp_path / "data" / "rasid.db"
    with pytest.raises(ArchiveNetwork):
        SqliteArchive(path)
    assert not path.parent.exists()
    with SqliteArchive(path, network=True):
        assert path.exists()


def _lies_on(path: Path, number: int) -> bool:
    found: list[bool] = []
    NETWORK_MAGIC[number] = "asked"
    try:
        found.append(network_kind(path) == "asked")
    finally:
        del NETWORK_MAGIC[number]
    return any(found)


def test_too_little_room_is_told_before_work_is_done(tmp_path: Path) -> None:
    free = free_bytes(tmp_path / "not" / "there")
    assert free
    require_room(tmp_path, least=1)
    with pytest.raises(DiskFull, match="KiB are free") as full:
        require_room(tmp_path, least=free * 100)
    assert full.value.transient


def test_a_folder_can_be_brought_to_the_disk(tmp_path: Path) -> None:
    settle_folder(tmp_path)
