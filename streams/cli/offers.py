"""``tailorline offers``: the operator's rules for offers, checked, put in force and shown."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from models.campaigns.document import OfferRules
from streams import offer_rules, rules_file
from streams.cli.console import ERR, fail, say
from streams.cli.opened import opened
from streams.cli.worker import load_settings
from streams.store.protocol import Store, StoreError

app = typer.Typer(
    help="Limits, switches and campaigns for offers: check, apply, show or clear them.",
    no_args_is_help=True,
)
File = Annotated[
    Path, typer.Argument(metavar="FILE", help="YAML, as deploy/offers.yaml.", show_default=False)
]


@app.command()
def check(file: File) -> None:
    """Check a file of offer rules; say all that is wrong, each with its line. Needs no store.

    Exit codes: 0 it is right, 1 something is wrong, 2 the file cannot be read.
    """
    say(f"{file} is right: {summary(rules_in(file))}")


@app.command()
def apply(file: File) -> None:
    """Check a file of offer rules and put it in force, in the place of what was. Workers go on.

    Each shard takes the rules over with its next events. Rules that are in force already are not
    published again.

    Exit codes: 0 in force, 1 something is wrong with the file or the store does not answer, 2 the
    file cannot be read, or wrong settings.
    """
    rules = rules_in(file)
    settings = load_settings()
    try:
        with opened(settings) as (store, run):
            if not run(store.shards()):
                say(_NOBODY, to=ERR, style="yellow")
            changed = run(_put(store, rules))
    except StoreError as error:
        fail(str(error))
    said = "In force now" if changed else "Unchanged, in force already"
    say(f"{said}: {summary(rules)}")


@app.command()
def show(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the rules in force, as a file that `apply` takes.

    Exit codes: 0 shown, also if there are none; 1 the store does not answer; 2 wrong settings.
    """
    settings = load_settings()
    try:
        with opened(settings) as (store, run):
            rules = run(offer_rules.applied(store))
    except StoreError as error:
        fail(str(error))
    if rules is None:
        say(_NONE, to=ERR)
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(rules), indent=2))
    elif rules is not None:
        typer.echo(rules_file.written(rules), nl=False)


@app.command()
def clear(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Really clear; without it nothing is done.")
    ] = False,
) -> None:
    """Take the rules back: offers are made by the settings alone, and campaigns end.

    What shards have spent on the campaigns is forgotten with them.

    Exit codes: 0 cleared, or there were none; 1 refused or failed; 2 wrong settings.
    """
    settings = load_settings()
    try:
        with opened(settings) as (store, run):
            if yes:
                run(offer_rules.apply(store, None))
            elif (rules := run(offer_rules.applied(store))) is not None:
                fail(
                    f"In force: {summary(rules)}\nKeep them with `tailorline offers show > FILE`, "
                    "then say `tailorline offers clear --yes`. Nothing was changed."
                )
    except StoreError as error:
        fail(str(error))
    say(_NONE)


def rules_in(file: Path) -> OfferRules:
    """Return the rules in a file; say all that is wrong and exit with 1, or 2 if there is no file."""
    found = tried(file)
    if isinstance(found, int):
        raise typer.Exit(found)
    return found


def tried(file: Path) -> OfferRules | int:
    """Return the rules in a file; or say all that is wrong, and return the exit code for it."""
    try:
        found = rules_file.read(file)
    except OSError as error:
        say(f"{file} cannot be read: {error.strerror}.", to=ERR, style="red")
        return 2
    if isinstance(found, OfferRules):
        return found
    for line in rules_file.lines(found, str(file)):
        say(line, to=ERR, style="red")
    return 1


def summary(rules: OfferRules) -> str:
    """Return in a line what rules say."""
    limits = len(msgspec.to_builtins(rules.limits))
    return (
        f"{_number(len(rules.campaigns), 'campaign')} ({offer_rules.running(rules, time.time())} "
        f"running now), {_number(limits, 'limit')}, {_switched('sources', rules.sources)}, "
        f"{_switched('triggers', rules.triggers)}."
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _switched(what: str, switches: Mapping[str, bool]) -> str:
    off = [name for name, on in switches.items() if not on]
    return f"{what} off: {', '.join(off) or 'none'}"


async def _put(store: Store, rules: OfferRules) -> bool:
    """Put rules in force; return whether they are others than before."""
    try:
        if await offer_rules.applied(store) == rules:
            return False
    except offer_rules.Unreadable:
        pass  # whatever is there goes
    await offer_rules.apply(store, rules)
    return True


_NONE = "No offer rules are in force: offers are made by the settings (TAILORLINE_OFFERS__…)."
_NOBODY = (
    "No worker has used this store yet. The rules hold for those that come; if there are workers, "
    "look at TAILORLINE_STORE__URL and TAILORLINE_STORE__PREFIX."
)
