"""What was computed of a folder's pictures, remembered picture by picture.

A picture is known again by its name, size and times, so an interrupted command goes on where it was, and of a
folder that has grown or changed only what is new is computed.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from .datasets.folder import NO_ROW, Folder
from .runtime.cache import from_cache, keep_in_cache
from .runtime.progress import progress_bar

KEEP_EVERY = 60  # seconds

# Yields, for paths in their order, the values of a batch by their fields, and why some are missing by the path's index.
Compute = Callable[[Sequence[Path]], Iterator[tuple[dict[str, np.ndarray], dict[int, str]]]]


def known(
    folder: Folder, kind: str, identity: Sequence, fields: dict[str, np.ndarray], compute: Compute, description: str,
    keep_every: float = KEEP_EVERY,
) -> tuple[np.ndarray, dict[str, str]]:
    """Fill in the fields of a folder's pictures, from the cache or else computed, with a progress bar.

    Parameters: kind and identity, which name the file of the cache; fields, arrays of a row a picture, to be
    filled; compute, of those that are missing; keep_every, so many seconds what is done goes to the cache.
    Returns: which pictures have values, bool, (n,), and why others have none, by their names.
    """
    digest = hashlib.sha256(json.dumps([*identity, str(folder.root.resolve())]).encode()).hexdigest()
    name, fields = f"{kind}-{digest[:24]}.npz", {"identities": folder.identities(), **fields}
    done = recall(name, fields)
    missing, failures, at, kept_at = np.flatnonzero(~done), {}, 0, time.monotonic()

    def keep() -> None:
        keep_in_cache(name, **{field: values[done] for field, values in fields.items()})

    if len(missing):
        paths = folder.paths
        bar = progress_bar(total=len(folder), initial=len(folder) - len(missing), desc=description, unit=" images")
        try:
            for values, failed in compute([paths[index] for index in missing]):
                batch = missing[at : at + len(next(iter(values.values())))]
                for field, some in values.items():
                    fields[field][batch] = some
                done[batch] = True
                done[missing[list(failed)]] = False
                failures |= {folder.names[missing[index]]: why for index, why in failed.items()}
                at += len(batch)
                bar.update(len(batch))
                if time.monotonic() - kept_at > keep_every:
                    keep()
                    kept_at = time.monotonic()
        finally:
            bar.close()
            if at > len(failures):
                keep()
    return done, failures


def recall(name: str, fields: dict[str, np.ndarray]) -> np.ndarray:
    """Fill in what the cache knows of pictures by their identities, and return which these are, bool, (n,)."""
    stored = from_cache(name) or {}
    rows = np.full(len(fields["identities"]), NO_ROW)
    fits = all(
        field in stored and stored[field].dtype == values.dtype and stored[field].shape[1:] == values.shape[1:]
        for field, values in fields.items()
    )
    if fits and {len(stored[field]) for field in fields} == {len(stored["identities"]) or None}:
        row_of = {identity.tobytes(): row for row, identity in enumerate(stored["identities"])}
        rows[:] = [row_of.get(identity.tobytes(), NO_ROW) for identity in fields["identities"]]
        for field in fields.keys() - {"identities"}:  # in place: pixels may fill half the memory
            np.take(stored[field], rows, axis=0, out=fields[field], mode="clip")
    return rows != NO_ROW
