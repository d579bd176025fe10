"""The same work for many blades at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from provisioner.errors import ProvisionError

Result = TypeVar("Result")
# podman is what takes the time; more threads than this only wait for its locks
WORKERS = 8


def for_each(work: Callable[[str], Result], blades: Sequence[str]) -> dict[str, Result]:
    """Blade -> result of the work; every blade is tried before a failure is raised.

    Raises:
        ProvisionError: some blades failed; names them all and the first one's trouble.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = {blade: pool.submit(work, blade) for blade in blades}
        try:
            failed = {blade: error for blade, future in futures.items() if (error := future.exception()) is not None}
        except BaseException:  # Ctrl-C: what has not begun never begins
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if not failed:
        return {blade: future.result() for blade, future in futures.items()}
    first = next(iter(failed.values()))
    if len(failed) > 1 and isinstance(first, ProvisionError):
        raise ProvisionError(
            f"{len(failed)} of {len(blades)} blades failed ({', '.join(failed)}): {first.message}",
            first.next_step,
        )
    raise first
