"""Commands for a document that operators apply: check, apply, show and clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import typer

from streams import rules_file
from streams.cli.console import ERR, fail, say
from streams.cli.opened import NOBODY, opened
from streams.cli.worker import load_settings
from streams.documents import Document, Unreadable, applied, apply
from streams.store.protocol import Store, StoreError

T = TypeVar("T")
File = Annotated[Path, typer.Argument(metavar="FILE", help="YAML.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Really = Annotated[bool, typer.Option("--yes", help="Really clear; without it nothing is done.")]


@dataclass(frozen=True, slots=True)
class Wording(Generic[T]):
    """What is said of a kind of document."""

    document: Document[T]
    about: str
    example: str
    """A file to begin with."""
    summary: Callable[[T], str]
    """In a line what it says."""
    none: str
    """What holds without one."""
    forgotten: str = ""
    """What else is gone with it."""


def commands_for(wording: Wording[T]) -> typer.Typer:
    """Return the commands for a kind of document."""
    name, commands = wording.document.name, _Commands(wording)
    about = f"{wording.about} An example is {wording.example}."
    app = typer.Typer(help=about, no_args_is_help=True)
    app.command(
        help=f"Check a file of {name}; say all that is wrong, each with its line. Needs no store.\n\n"
        "Exit codes: 0 it is right, 1 something is wrong, 2 the file cannot be read."
    )(commands.check)
    app.command(
        help=f"Check a file of {name} and put it in force, in the place of what was. Workers go on.\n\n"
        "Each shard takes the rules over with its next events. Rules that are in force already are "
        "not published again.\n\n"
        "Exit codes: 0 in force, 1 something is wrong with the file or the store does not answer, 2 "
        "the file cannot be read, or wrong settings.",
    )(commands.apply)
    app.command(
        help=f"Show the {name} in force, as a file that `apply` takes.\n\n"
        "Exit codes: 0 shown, also if there are none; 1 the store does not answer; 2 wrong settings."
    )(commands.show)
    app.command(
        help=f"Take the {name} back. {wording.forgotten}\n\n"
        "Exit codes: 0 cleared, or there were none; 1 refused or failed; 2 wrong settings."
    )(commands.clear)
    return app


@dataclass(frozen=True, slots=True)
class _Commands(Generic[T]):
    wording: Wording[T]

    def check(self, file: File) -> None:
        rules = rules_in(file, self.wording.document)
        say(f"{file} is right: {self.wording.summary(rules)}")

    def apply(self, file: File) -> None:
        rules = rules_in(file, self.wording.document)
        settings = load_settings()
        try:
            with opened(settings) as (store, run):
                if not run(store.shards()):
                    say(f"{NOBODY} The rules hold for those that come.", to=ERR, style="yellow")
                changed = run(_put(store, self.wording.document, rules))
        except StoreError as error:
            fail(str(error))
        said = "In force now" if changed else "Unchanged, in force already"
        say(f"{said}: {self.wording.summary(rules)}")

    def show(self, *, json: AsJson = False) -> None:
        rules = _in_force(self.wording.document)
        if rules is None:
            say(self.wording.none, to=ERR)
        if json:
            typer.echo(msgspec.json.format(msgspec.json.encode(rules), indent=2))
        elif rules is not None:
            typer.echo(rules_file.written(rules), nl=False)

    def clear(self, *, yes: Really = False) -> None:
        document = self.wording.document
        settings = load_settings()
        try:
            with opened(settings) as (store, run):
                if yes:
                    run(apply(store, document, None))
                elif (rules := run(applied(store, document))) is not None:
                    fail(
                        f"In force: {self.wording.summary(rules)}\nKeep them with `tailorline "
                        f"{document.command} show > FILE`, then say `tailorline {document.command} "
                        "clear --yes`. Nothing was changed."
                    )
        except StoreError as error:
            fail(str(error))
        say(self.wording.none)


def rules_in(file: Path, document: Document[T]) -> T:
    """Return the rules in a file; say all that is wrong and exit with 1, or 2 if there is no file."""
    found = tried(file, document)
    if isinstance(found, int):
        raise typer.Exit(found)
    return found


def tried(file: Path, document: Document[T]) -> T | int:
    """Return the rules in a file; or say all that is wrong, and return the exit code for it."""
    try:
        found = rules_file.read(file, document)
    except OSError as error:
        say(f"{file} cannot be read: {error.strerror}.", to=ERR, style="red")
        return 2
    if not isinstance(found, tuple):
        return found
    for line in rules_file.lines(found, str(file)):
        say(line, to=ERR, style="red")
    return 1


def number(count: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _in_force(document: Document[T]) -> T | None:
    settings = load_settings()
    try:
        with opened(settings) as (store, run):
            found: T | None = run(applied(store, document))
    except StoreError as error:
        fail(str(error))
    return found


async def _put(store: Store, document: Document[Any], rules: object) -> bool:
    """Put rules in force; return whether they are others than before."""
    try:
        if await applied(store, document) == rules:
            return False
    except Unreadable:
        pass  # whatever is there goes
    await apply(store, document, rules)
    return True
