"""Progress of a command on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from dtt_sim.workflow.losses import Progress


def progress(*, quiet: bool) -> AbstractContextManager[Progress]:
    """Progress with time left, on standard error."""
    from contextlib import contextmanager

    @contextmanager
    def silent() -> Iterator[Progress]:
        yield lambda _stage, _done, _total: None

    @contextmanager
    def shown() -> Iterator[Progress]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("")

            def tell(stage: str, done: int, total: int) -> None:
                bar.update(task, description=stage, completed=done, total=total)

            yield tell

    return silent() if quiet else shown()
