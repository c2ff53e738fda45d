"""Path losses on a Dask cluster: this machine's cores, or any scheduler that a user has."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtt_sim.errors import DttSimError
from dtt_sim.workflow.tasks import MastTask, TaskError, as_dict, join_task, solve_task

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
Tell = Callable[[str, int, int], None]
RETRIES = 3
"""How often a task is tried whose worker died."""


@dataclass(frozen=True)
class Cluster:
    """Where tasks run, and how failures are met.

    Attributes
    ----------
    client : distributed.Client
    log : Path or None
        File to which a line of JSON is added for every task.
    fail_fast : bool
        Whether the first failure stops the run; otherwise all that can be done is done first.
    """

    client: Client
    log: Path | None = None
    fail_fast: bool = False

    def compute(self, tasks: Sequence[MastTask], tell: Tell) -> None:
        """Run tasks; their results are on disk afterwards.

        Raises
        ------
        TaskError
            All that failed, each with its transmitters and part.
        """
        from distributed import as_completed

        waiting: dict[Any, str] = {}
        futures = []
        for task in tasks:
            name = "-".join(task.keys)[:60]
            parts = [
                self.client.submit(
                    solve_task, task, k, key=f"solve-{name}-{task.count}-{k}", pure=False,
                    retries=RETRIES,
                )
                for k in range(task.count)
            ]  # fmt: skip
            whole = self.client.submit(
                join_task, task, parts, key=f"join-{name}-{task.count}", pure=False,
                retries=RETRIES, priority=1,
            )  # fmt: skip
            waiting |= {f.key: task.text(k) for k, f in enumerate(parts)}
            waiting[whole.key] = task.text()
            futures += [*parts, whole]
        failed: dict[str, None] = {}
        total = len(futures)
        for done, future in enumerate(as_completed(futures), 1):
            if future.status == "finished":
                self._write(as_dict(future.result()))
            else:
                text = self._reason(future, waiting[future.key])
                if text not in failed:
                    failed[text] = None
                    self._write({"task": waiting[future.key], "state": "failed", "reason": text})
                if self.fail_fast:
                    self.client.cancel(futures)
                    raise TaskError(text)
            tell(f"propagation, {waiting[future.key]}", done, total)
        if failed:
            lines = "\n".join(f"  {text}" for text in failed)
            msg = f"{len(failed)} tasks failed; what was finished is kept:\n{lines}"
            raise TaskError(msg)

    @staticmethod
    def _reason(future: Any, name: str) -> str:
        """Why a task failed, with the transmitters and the part."""
        error = future.exception()
        if isinstance(error, TaskError):
            return str(error)
        return f"{name}: {type(error).__name__}: {error}"

    def _write(self, line: dict[str, Any]) -> None:
        if self.log is None:
            return
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": now, **line}, ensure_ascii=False) + "\n")


@contextmanager
def connect(
    scheduler: str, *, workers: int | None = None, memory_limit: str | None = None
) -> Iterator[Client]:
    """A client of a cluster of this machine's cores (``local``), or of a scheduler by its address.

    Parameters
    ----------
    scheduler : str
        ``local``, ``tcp://host:port``, ``tls://host:port``, or a scheduler file.
    workers : int, optional
        Processes of a local cluster, each with one thread; by default one for each core.
    memory_limit : str, optional
        Of each process of a local cluster, "2GB".

    Raises
    ------
    DttSimError
        Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        msg = "--scheduler needs Dask: pip install 'dtt-sim[cluster]'"
        raise DttSimError(msg) from error
    if scheduler == LOCAL:
        import os

        with (
            LocalCluster(
                n_workers=workers or os.cpu_count() or 1, threads_per_worker=1,
                host="127.0.0.1", memory_limit=memory_limit or "auto", dashboard_address=None,
                preload="dtt_sim.workflow.worker", silence_logs=50,
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            yield client
        return
    try:
        is_file = Path(scheduler).is_file()
        client = (
            Client(scheduler_file=scheduler, timeout="10s") if is_file
            else Client(scheduler, timeout="10s")
        )  # fmt: skip
    except (OSError, ValueError, TimeoutError) as error:
        msg = f"no Dask scheduler answers at {scheduler} ({error}); start one, or use 'local'"
        raise DttSimError(msg) from error
    with client:
        yield client
