"""Whether a folder can hold a record: SQLite's write-ahead log needs shared memory and locks that work.

Network file systems offer these within one machine at best, and lose data silently where they do not
(https://www.sqlite.org/wal.html, "All processes using a database must be on the same host computer").
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from socsim.errors import RecordError

__all__ = ["check_filesystem", "filesystem_of"]

_NETWORK = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "ncp", "afs", "auristorfs", "coda", "ceph"}
    | {"lustre", "gpfs", "beegfs", "pvfs2", "orangefs", "glusterfs", "davfs", "davfs2", "webdav", "acfs", "ocfs2"}
    | {"sshfs", "curlftpfs", "s3fs", "gcsfuse", "rclone", "juicefs", "goofys"}
)
_LOCAL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "ramfs", "bcachefs", "jfs", "reiserfs"})
_MOUNTS = Path("/proc/mounts")


def filesystem_of(path: Path, mounts: Path = _MOUNTS) -> str:
    """Type of the file system that ``path`` (which need not exist yet) is on, in the kernel's words; "" if unknown.

    Args:
        path: any path.
        mounts: the kernel's table of mounts.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place = path.resolve()
    best, found = -1, ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(_unescaped(fields[1]))
        depth = len(point.parts)
        if (place == point or point in place.parents) and depth >= best:
            best, found = depth, fields[2]
    return found


def check_filesystem(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Make sure that a record in ``folder`` (which must exist) is safe.

    Known local file systems pass, network file systems are refused, and all others are tried out.

    Raises:
        RecordError: a network file system, or one without working write-ahead mode or locks.
    """
    kind = filesystem_of(folder, mounts)
    names = {kind, kind.removeprefix("fuse."), kind.partition(".")[2]}
    if names & _NETWORK:
        raise RecordError(
            f"{folder}: this is a network file system ({kind}), on which the record of a run could be damaged. "
            "Choose a folder on a local disk and copy the finished run here."
        )
    if kind not in _LOCAL:
        _probe(folder, kind or "unknown")


def _probe(folder: Path, kind: str) -> None:
    advice = "Choose a folder on a local disk."
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".probe-") as name:
            problem = _problem(Path(name) / "probe.sqlite")
    except (OSError, sqlite3.Error) as error:
        raise RecordError(f"{folder}: a record cannot be kept here (file system {kind}): {error}. {advice}") from error
    if problem:
        raise RecordError(f"{folder}: a record cannot be kept here (file system {kind}): {problem}. {advice}")


def _problem(path: Path) -> str:
    """What keeps a write-ahead log from working at ``path``; empty if nothing."""
    with (
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other,
    ):
        if writer.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
            return "write-ahead mode does not take effect"
        writer.execute("CREATE TABLE probe (x)")
        writer.execute("INSERT INTO probe VALUES (1)")
        writer.execute("BEGIN IMMEDIATE")
        if other.execute("SELECT COUNT(*) FROM probe").fetchone()[0] != 1:
            return "a second reader does not see what was committed"
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return ""
        return "locks are not honoured"


def _unescaped(text: str) -> str:
    """Mount points have blanks and the like as octal escapes."""
    for code in ("\\040", "\\011", "\\012", "\\134"):
        text = text.replace(code, chr(int(code[1:], 8)))
    return text
