"""The options that choose dead letters, shared by the commands of ``tailorline dlq``."""

from __future__ import annotations

import sys
import time
from typing import Annotated, get_args

import typer

from schemas.deadletters import Reason
from schemas.topics import INPUTS
from streams.cli.console import fail
from streams.dlq.selecting import Selection, moment

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Dead letters by id.")]
Topic = Annotated[str | None, typer.Option("--topic", help="Only events of this topic.")]
Partition = Annotated[
    int | None, typer.Option("--partition", min=0, help="Only events of this partition of theirs.")
]
Why = Annotated[
    str | None, typer.Option("--reason", help=f"One of: {', '.join(get_args(Reason))}.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Dead since then: 30m, 6h, 2d ago, or an ISO time (UTC)."),
]
Until = Annotated[str | None, typer.Option("--until", help="Dead before then; as --since.")]
Key = Annotated[str | None, typer.Option("--key", help="Only events with this key.")]
Contains = Annotated[
    str | None, typer.Option("--contains", help="Only events with this text in their value.")
]
Everything = Annotated[
    bool, typer.Option("--everything", help="Really all of them, without id or filter.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def selection_of(
    ids: list[str] | None, topic: str | None, partition: int | None, reason: str | None,
    since: str | None, until: str | None, key: str | None, contains: str | None,
) -> Selection:  # fmt: skip
    """Return what is meant; a wrong option ends the command with exit code 2."""
    topics = [each.name for each in INPUTS]
    if topic is not None and topic not in topics:
        raise typer.BadParameter(f"events come from {', '.join(topics)}", param_hint="--topic")
    if reason is not None and reason not in get_args(Reason):
        reasons = ", ".join(get_args(Reason))
        raise typer.BadParameter(f"{reason!r} is none of {reasons}", param_hint="--reason")
    if contains is not None and not contains:
        raise typer.BadParameter("an empty text is in every event", param_hint="--contains")
    return Selection(
        frozenset(ids or ()), topic, partition, reason,
        _moment(since, "--since"), _moment(until, "--until"), key, contains,
    )  # fmt: skip


def _moment(text: str | None, option: str) -> float | None:
    try:
        return None if text is None else moment(text, time.time())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def refuse_careless(selection: Selection, verb: str, *, everything: bool, asks: bool) -> None:
    """End a command that would change things, if it says too little of what is meant."""
    if not selection and not everything:
        fail(
            f"That would {verb} every dead letter there is. Name some by id or filter, or say "
            "--everything. Nothing was done.",
            code=2,
        )
    if asks and not at_terminal():
        fail(
            "There is no terminal to ask at: say --yes, or --dry-run to see what would be done. "
            "Nothing was done.",
            code=2,
        )


def at_terminal() -> bool:
    """Return whether there is somebody to ask."""
    return sys.stdin.isatty()
