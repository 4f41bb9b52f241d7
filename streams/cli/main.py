"""The command ``tailorline``."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from importlib.metadata import version as distribution_version

import typer

from streams.cli import alarms as alarms_command
from streams.cli import capability as capability_command
from streams.cli import config as config_command
from streams.cli import demo as demo_command
from streams.cli import dlq as dlq_command
from streams.cli import doctor as doctor_command
from streams.cli import line as line_command
from streams.cli import oee as oee_command
from streams.cli import offers as offers_command
from streams.cli import replay as replay_command
from streams.cli import rules as rules_command
from streams.cli import shards as shards_command
from streams.cli import store as store_command
from streams.cli import topics as topics_command
from streams.cli import worker as worker_command

app = typer.Typer(
    name="tailorline",
    help="Real-time personalisation for companies that both sell and make things.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command()(worker_command.worker)
replay_command.register(app)
app.command()(demo_command.demo)
app.add_typer(topics_command.app, name="topics")
app.add_typer(rules_command.app, name="rules")
app.add_typer(offers_command.app, name="offers")
app.add_typer(line_command.app, name="line")
app.add_typer(alarms_command.app, name="alarms")
app.command()(oee_command.oee)
app.command()(capability_command.capability)
app.command()(doctor_command.doctor)
app.add_typer(config_command.app, name="config")
app.add_typer(shards_command.app, name="shards")
app.add_typer(store_command.app, name="store")
app.add_typer(dlq_command.app, name="dlq")


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Real-time personalisation for companies that both sell and make things."""
    if version:
        typer.echo(distribution_version("tailorline"))
        raise typer.Exit


def main() -> None:
    """Run the command; other packages add theirs by the entry point ``tailorline.commands``."""
    asked = sys.argv[1] if len(sys.argv) > 1 else "--help"
    for plugin in entry_points(group="tailorline.commands"):
        # Loaded only when asked for: a worker has no use for what benchmarks import.
        if asked in {plugin.name, "--help"}:
            app.add_typer(plugin.load(), name=plugin.name)
    app()


if __name__ == "__main__":
    main()
