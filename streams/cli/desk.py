"""What the commands for dead letters work with: the topic, the marks, and a look through both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from streams.cli.console import ERR, fail
from streams.cli.opened import brief, opened
from streams.dlq.letters import Letter
from streams.dlq.marks import Mark, Marks, Run, marked
from streams.dlq.selecting import Chosen
from streams.settings import Settings
from streams.store.protocol import StoreError

if TYPE_CHECKING:
    from streams.runtime.deadletters import Bounds, DeadLetterReader


@dataclass(frozen=True, slots=True)
class Desk:
    """An open topic of dead letters, and the marks of what was done about them."""

    reader: DeadLetterReader
    marks: Marks
    run: Run

    def letters(self, bounds: Bounds | None = None, what: str = "reading") -> Iterator[Letter]:
        """Read the topic from its beginning to its present end, or within bounds; with a bar."""
        bounds = self.reader.bounds() if bounds is None else bounds
        before = self.reader.read_so_far
        with bar(what, sum(high - low for low, high in bounds.values())) as moved:
            for letter in self.reader.read(bounds):
                moved(self.reader.read_so_far - before)
                yield letter

    def survey(self, chosen: Chosen) -> Iterator[tuple[Letter, Mark]]:
        """Look through the topic; yield what is chosen, without values, and its marks."""
        return marked(chosen.of(self.letters()), self.marks, self.run)


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """Open topic and store; say it and exit with 1 if one of them does not answer."""
    from streams.errors import Misconfigured
    from streams.runtime.deadletters import DeadLetterReader
    from streams.store.dlq_marks import RedisMarks

    store_settings = brief(settings)
    try:
        with opened(settings) as (store, run):
            marks = RedisMarks(store.client, store_settings.prefix, store_settings.retry_s)
            reader = DeadLetterReader(settings)
            try:
                yield Desk(reader, marks, run)
            finally:
                reader.close()
    except (StoreError, Misconfigured) as error:
        fail(str(error))


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on the terminal, if it is one; yield what moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=ERR, transient=True, disable=not ERR.is_terminal
    ) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
