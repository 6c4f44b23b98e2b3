"""Whether a folder can hold a record: SQLite's write-ahead log needs shared memory and locks that work.

Network file systems offer these within one machine at best, and lose data silently where they do not
(https://www.sqlite.org/wal.html, "All processes using a database must be on the same host computer").
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
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
_PATIENCE_S = 30
_OTHER_PROCESS = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
sys.stdout.write(str(other.execute("SELECT COUNT(*) FROM probe").fetchone()[0]))
try:
    other.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.stdout.write(" locked")
"""


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
            "Keep the run on a local disk (socsim run … --out FOLDER) and copy it here when it has ended."
        )
    if kind not in _LOCAL:
        _probe(folder, kind or "unknown")


def _probe(folder: Path, kind: str) -> None:
    advice = "Keep the run on a local disk: socsim run … --out FOLDER"
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".probe-") as name:
            problem = _problem(Path(name) / "probe.sqlite")
    except (OSError, sqlite3.Error) as error:
        raise RecordError(f"{folder}: a record cannot be kept here (file system {kind}): {error}. {advice}") from error
    if problem:
        raise RecordError(f"{folder}: a record cannot be kept here (file system {kind}): {problem}. {advice}")


def _problem(path: Path) -> str:
    """What keeps a write-ahead log from working at ``path``; empty if nothing."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:
        if writer.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
            return "write-ahead mode does not take effect"
        writer.execute("CREATE TABLE probe (x)")
        writer.execute("INSERT INTO probe VALUES (1)")
        writer.execute("BEGIN IMMEDIATE")
        return _problem_of_another_process(path)


def _problem_of_another_process(path: Path) -> str:
    """SQLite keeps the connections of one process apart by itself, so only another process can try out the locks."""
    if not sys.executable:
        return ""
    command = [sys.executable, "-I", "-c", _OTHER_PROCESS, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return f"a second process got no answer within {_PATIENCE_S} s"
    if done.returncode:
        return f"a second process cannot read it ({done.stderr.strip().splitlines()[-1:]})"
    seen, _, locked = done.stdout.partition(" ")
    if seen != "1":
        return "a second process does not see what was committed"
    return "" if locked else "locks are not honoured"


def _unescaped(text: str) -> str:
    """Mount points have blanks and the like as octal escapes."""
    for code in ("\\040", "\\011", "\\012", "\\134"):
        text = text.replace(code, chr(int(code[1:], 8)))
    return text
