"""``tailorline topics``: make, check and publish what the topic table says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli import findings
from streams.cli.console import OUT, fail
from streams.cli.worker import load_settings

app = typer.Typer(help="Make, check and document the Kafka topics.", no_args_is_help=True)


@app.command()
def create(
    *,
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1, help="Partitions of each topic; the most workers at once. (default: 4)"
        ),
    ] = None,
    replication: Annotated[
        int | None,
        typer.Option(
            min=1, help="Brokers that keep a copy; 3 in production. (default: the broker's own)"
        ),
    ] = None,
) -> None:
    """Create the topics that are lacking; those that are there stay as they are.

    Exit codes: 0 all are there now, 1 some could not be made, 2 wrong settings.
    """
    settings = load_settings()
    from streams.errors import Misconfigured
    from streams.runtime.admin import create_topics

    try:
        outcome = create_topics(settings, partitions, replication or -1)
    except Misconfigured as error:
        fail(str(error))
    for name, what in outcome.items():
        OUT.print(f"{name:<14}{what}", highlight=False)
    if "exists" in outcome.values():
        OUT.print("Those that were there are unchanged: `tailorline topics check` looks at them.")


@app.command()
def check(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Compare the topics on the broker with the topic table.

    Looks at presence, numbers of partitions (equal for clickstream, orders and catalogue),
    replication, retention, largest message and compaction.

    Exit codes: 0 all good (warnings do not count), 1 something must be changed, 2 wrong settings.
    """
    settings = load_settings()
    from streams.doctor.topics import topic_findings
    from streams.errors import Misconfigured
    from streams.runtime.admin import broker_facts

    try:
        found = topic_findings(broker_facts(settings))
    except Misconfigured as error:
        fail(str(error))
    findings.show(found, as_json=json)
    raise typer.Exit(findings.exit_code(found))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")],
) -> None:
    """Write the JSON Schema of every topic and the AsyncAPI document into FOLDER.

    JSON Schemas that are in FOLDER/json and belong to no topic are removed.

    Exit codes: 0 written, 1 FOLDER cannot be written to.
    """
    from schemas.export import documents, write

    try:
        write(folder)
    except OSError as error:
        fail(
            f"{error.filename or folder}: {error.strerror}. Choose a folder that you may write to."
        )
    for name in documents():
        OUT.print(str(folder / name), highlight=False, soft_wrap=True)
