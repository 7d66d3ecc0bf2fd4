"""Dask: an executor whose workers are the threads of a cluster. Needs the extra `lcmemlint[dask]`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct

from lcmemlint.errors import UsageError

_RETRIES: Final = 2
"""Times that a task which raised is tried again; one whose worker is lost goes to another worker anyway."""


class Cluster(Struct, frozen=True):
    """An executor, and how many tasks its workers run at the same time."""

    executor: Executor
    threads: int


@contextmanager
def dask_cluster(address: str, *, patience: float = 30.0) -> Iterator[Cluster]:
    """The Dask cluster whose scheduler is at `address` (`tcp://host:8786`).

    The workers must have lcmemlint, in this version, and see the repositories under the same paths. Raises
    `UsageError` if Dask is not installed, or if no scheduler or worker answers within `patience` seconds.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError("--scheduler needs Dask; install it with: pip install 'lcmemlint[dask]'") from None
    connect: Any = distributed.Client  # which has no types
    try:
        client = connect(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            raise UsageError(f"the Dask scheduler at {address} has no workers; start `dask worker`") from None
        with client.get_executor(pure=False, retries=_RETRIES) as executor:
            yield Cluster(executor, sum(client.nthreads().values()))
