"""Making the record of a finished run smaller, without changing what the run says."""

from __future__ import annotations

from pathlib import Path

from socsim.errors import RecordError
from socsim.record.lock import RunLock
from socsim.record.manifest import read_manifest, write_manifest
from socsim.record.pruning import Pruned, prune_record
from socsim.run_folder import ENDED, RECORD_NAME, Run

__all__ = ["prune"]


def prune(path: Path | str, *, pieces: bool = False) -> Pruned:
    """Remove calls that no event of a finished run refers to, what only they used, and the free space in the file.

    The run replays as before. Its table of calls is written anew without what was removed.

    Args:
        path: the run folder.
        pieces: also remove the token ids of prompts, which replaying does not need; the texts stay.

    Raises:
        RecordError: the run goes on or has not ended, its record is not what it was when it ended, or it cannot be written.
    """
    folder = Path(path)
    with RunLock(folder):
        manifest = read_manifest(folder)
        if manifest["status"] not in ENDED or manifest.get("stopped_by"):
            raise RecordError(
                f"{folder} has not ended (status {manifest['status']}) or can be gone on with: replies that no event refers to "
                f"yet are still needed. Go on with it first: socsim resume {folder}"
            )
        if Run(folder).recorded_hashes() != manifest["tables"]:
            raise RecordError(f"{folder}: the record is not what it was when the run ended, see socsim record verify {folder}")
        pruned = prune_record(folder / RECORD_NAME, pieces=pieces)
        manifest["tables"] = Run(folder).write_tables()
        write_manifest(folder, manifest)
        return pruned
