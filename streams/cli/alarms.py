"""``tailorline alarms``: what is wrong on the production line, and what operators do about it."""

from __future__ import annotations

import getpass
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from models.alarms.alarm import UNHEARD
from schemas.commands import (
    Acknowledge,
    CallNormal,
    Command,
    PutIntoService,
    Shelve,
    TakeOutOfService,
    Unshelve,
)
from schemas.outputs import Alert
from schemas.topics import COMMANDS
from streams.cli.console import ERR, OUT, fail, lasting, say
from streams.cli.opened import NOBODY, opened
from streams.cli.worker import load_settings
from streams.settings import Settings
from streams.standing import Meant, absent, meant, standing
from streams.store.protocol import StoreError

app = typer.Typer(
    help="Alarms of the production line: list, acknowledge, shelve them.", no_args_is_help=True
)
Which = Annotated[
    list[str],
    typer.Argument(
        metavar="ALARM...",
        # No square brackets: help is markup, and a closing tag that nothing opens ends in a traceback.
        help="Alarm ids as `list` shows them (or how they begin); or line/machine, line/machine/sensor.",
        show_default=False,
    ),
]
By = Annotated[str, typer.Option(help="Who says so; without it, the name you are logged in by.")]
Why = Annotated[str, typer.Option(help="Why, for whoever looks at it later.", show_default=False)]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Send it for places where no alarm stands, too: the list may be a moment old.",
    ),
]
MaybeWhy = Annotated[str | None, typer.Option(help="Why.", show_default=False)]
_STYLES = {"high": "bold red", "medium": "yellow", "low": ""}
_LENGTHS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_ANSWER_S = 5.0
_CONFIRMED_S = 15.0
_WHAT_NOW = "Workers carry it out and tell of it in the topic alerts."
_NOT_CHECKED = (
    "A place that they do not know is a dead letter: tailorline dlq list --reason unknown_alarm"
)
_FORCE = "It may have come a moment ago: --force sends the command nevertheless."
_SHOWN_ID = 8


@app.command("list")
def list_alarms(
    *,
    line: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    machine: Annotated[str | None, typer.Option(help="Only machines of this name.")] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Also what is suppressed, shelved or out of service.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with whole ids.")] = False,
) -> None:
    """List the alarms that stand: those nobody has acknowledged first, the most urgent of them first.

    Exit codes: 0 listed, also if there are none; 1 the store does not answer; 2 wrong settings.
    """
    alarms = [
        alert
        for alert in _standing(load_settings())
        if (line is None or alert.line == line) and (machine is None or alert.machine == machine)
    ]
    shown = [alert for alert in alarms if all_ or alert.state not in UNHEARD]
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2))
        return
    if shown:
        OUT.print(_table(shown), highlight=False)
    quiet = len(alarms) - len(shown)
    more = f"; {quiet} more suppressed, shelved or out of service (--all)" if quiet else ""
    say(f"{len(shown)} alarm{'' if len(shown) == 1 else 's'}{more}.")


@app.command()
def ack(alarms: Which, *, by: By = "", reason: MaybeWhy = None, force: Force = False) -> None:
    """Acknowledge alarms: somebody has seen them and takes care.

    Exit codes: 0 sent; 1 no such alarm stands, or broker or store do not answer; 2 wrong settings.
    """
    _send(alarms, by, lambda fields: Acknowledge(**fields, reason=reason), must_stand=not force)


@app.command()
def shelve(
    alarms: Which,
    *,
    reason: Why,
    for_: Annotated[
        str, typer.Option("--for", help="For how long: 90s, 30m, 8h or 2d; a week at most.")
    ] = "1h",
    by: By = "",
) -> None:
    """Keep alarms quiet for a time; then they are told of again by themselves if they still stand.

    Exit codes: 0 sent; 1 an alarm is not known, or broker or store do not answer; 2 wrong call or settings.
    """
    seconds = _seconds(for_)
    _send(alarms, by, lambda fields: Shelve(**fields, for_s=seconds, reason=reason))


@app.command()
def unshelve(alarms: Which, *, by: By = "", reason: MaybeWhy = None) -> None:
    """End shelving early.

    Exit codes: 0 sent; 1 an alarm is not known, or broker or store do not answer; 2 wrong settings.
    """
    _send(alarms, by, lambda fields: Unshelve(**fields, reason=reason))


@app.command("out-of-service")
def out_of_service(alarms: Which, *, reason: Why, by: By = "") -> None:
    """Keep alarms quiet until they are put back into service: a sensor is away, or under repair.

    Exit codes: 0 sent; 1 an alarm is not known, or broker or store do not answer; 2 wrong settings.
    """
    _send(alarms, by, lambda fields: TakeOutOfService(**fields, reason=reason))


@app.command("in-service")
def in_service(alarms: Which, *, by: By = "", reason: MaybeWhy = None) -> None:
    """Put alarms back into service. Of a place all of them, also those that nobody was told of.

    Exit codes: 0 sent; 1 an alarm is not known, or broker or store do not answer; 2 wrong settings.
    """
    _send(alarms, by, lambda fields: PutIntoService(**fields, reason=reason))


@app.command("new-normal")
def new_normal(alarms: Which, *, reason: Why, by: By = "") -> None:
    """Say that what is now is normal: alarms about it end, and it is learnt anew.

    Exit codes: 0 sent; 1 an alarm is not known, or broker or store do not answer; 2 wrong settings.
    """
    _send(alarms, by, lambda fields: CallNormal(**fields, reason=reason))


def _standing(settings: Settings) -> list[Alert]:
    try:
        with opened(settings) as (store, run):
            if not run(store.shards()):
                say(NOBODY, to=ERR, style="yellow")  # not: nothing is wrong on the line
            found: list[Alert] = run(standing(store))
    except StoreError as error:
        fail(str(error))
    return found


def _table(alarms: list[Alert]) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("id", "priority", "state", "for"):
        table.add_column(head, no_wrap=True)
    table.add_column("alarm", overflow="fold")
    now = time.time()
    for alert in alarms:
        table.add_row(
            alert.alarm_id[:_SHOWN_ID], alert.priority, alert.state.replace("_", " "),
            lasting(now - alert.since.timestamp()), escape(alert.text),
            style=_STYLES[alert.priority] if alert.state == "active" else "dim",
        )  # fmt: skip
    return table


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    seconds = float(found[1]) * _LENGTHS[found[2]] if found else 0.0
    if not 1.0 <= seconds <= 7 * _LENGTHS["d"]:
        fail(f"{text!r} is no time to shelve for: say 90s, 30m, 8h or 2d, a week at most.", 2)
    return seconds


def _send(
    texts: list[str], by: str, command_of: Callable[[dict[str, Any]], Command], *,
    must_stand: bool = False,
) -> None:  # fmt: skip
    """Publish a command for each alarm that is meant; say what was sent.

    ``must_stand``: what is for a place changes nothing unless an alarm of it stands.
    """
    settings = load_settings()
    known = _standing(settings) if must_stand or any("/" not in text for text in texts) else []
    found = [meant(text, known) for text in texts]
    chosen = [each for each in found if isinstance(each, Meant)]
    wrong = [each for each in found if isinstance(each, str)]
    places = [each for each in chosen if each.alarm_id is None]
    if must_stand:
        nothing = [why for each in places if (why := absent(each, known)) is not None]
        wrong += [*nothing, _FORCE] if nothing else []
    if wrong:
        fail("\n".join([*wrong, "Nothing was sent."]))
    who = by or _user()
    try:
        commands = [command_of(_fields(each, who)) for each in chosen]
        for command in commands:
            # The decoder's limits hold for what we send ourselves, too.
            msgspec.convert(msgspec.to_builtins(command, builtin_types=(datetime,)), type(command))
    except msgspec.ValidationError as error:
        fail(f"{error}. Nothing was sent.", 2)
    _publish(settings, commands)
    for each, command in zip(chosen, commands, strict=True):
        say(f"{_said(command)}: {each}, by {who}.")
    say(_WHAT_NOW, to=ERR)
    if places and not must_stand:
        say(_NOT_CHECKED, to=ERR)


def _publish(settings: Settings, commands: list[Command]) -> None:
    from streams.runtime.publisher import Publisher, PublishError

    try:
        # What goes wrong is said here, and not by librdkafka every 50 ms.
        publisher = Publisher(settings.kafka.client_config() | {"log_level": 0})
        publisher.connect(_ANSWER_S)
        for command in commands:
            key = f"{command.line}/{command.machine}".encode()
            publisher.publish(COMMANDS.name, key, msgspec.json.encode(command))
        publisher.flush(_CONFIRMED_S)
    except PublishError as error:
        fail(f"Kafka has not taken all commands: {error}. See `tailorline doctor`.")


def _fields(each: Meant, by: str) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()), "occurred_at": datetime.now(UTC), **each._asdict(), "by": by,
    }  # fmt: skip


def _said(command: Command) -> str:
    tag = str(type(command).__struct_config__.tag).replace("_", " ")
    if isinstance(command, Shelve):
        return f"{tag} for {timedelta(seconds=command.for_s)}"
    return tag


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return fail("Nobody knows who you are here: say it with --by NAME.", 2)
