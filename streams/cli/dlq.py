"""``tailorline dlq``: look at dead letters, send them again, or set them aside."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import orjson
import typer

from streams.cli import letters as shown
from streams.cli.choosing import (
    Contains,
    DryRun,
    Everything,
    Ids,
    Key,
    Partition,
    Since,
    Topic,
    Until,
    Why,
    Yes,
    refuse_careless,
    selection_of,
)
from streams.cli.console import OUT, fail
from streams.cli.desk import Desk, bar, desk
from streams.cli.worker import load_settings
from streams.dlq.letters import Letter
from streams.dlq.listing import Listing, facts
from streams.dlq.marks import CLAIM_S, batches, mark_ttl_s
from streams.dlq.planning import Plan
from streams.dlq.selecting import Chosen, Selection
from streams.dlq.sending import Report, resend
from streams.settings import Settings
from streams.store.protocol import StoreError

app = typer.Typer(
    help="Look at dead letters, send them again or set them aside.", no_args_is_help=True
)
_SHOWN = 100
_BECAUSE = 200
_DISCARDED_AT_ONCE = 500


@app.command("list")
def list_letters(
    *,
    topic: Topic = None,
    partition: Partition = None,
    reason: Why = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    contains: Contains = None,
    handled: Annotated[
        bool, typer.Option("--all", help="Those that were replayed or discarded too.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="Most rows, the newest ones.")] = _SHOWN,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List dead letters, newest last, with totals over all that match.

    Reads the topic from its beginning to its present end, joins no group and commits nothing.

    Exit codes: 0 shown, also if there are none; 1 broker or store does not answer; 2 wrong call or
    settings.
    """
    selection = selection_of(None, topic, partition, reason, since, until, key, contains)
    settings = load_settings()
    chosen, listing = Chosen(selection), Listing(limit, handled=handled)
    with desk(settings) as at:
        for letter, mark in at.survey(chosen):
            listing.add(letter, mark)
        foreign = at.reader.foreign
    rows = listing.rows()
    if json:
        told = {
            "letters": [facts(letter, mark) for letter, mark in rows],
            "matched": listing.matched,
            "by_topic": listing.by_topic,
            "by_reason": listing.by_reason,
            "hidden": listing.hidden,
            "repeats": chosen.repeats,
            "foreign": foreign,
        }
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    if rows:
        shown.show_rows(rows, states=handled)
    if listing.matched:
        some = f", shown are the newest {len(rows):,}" if len(rows) < listing.matched else ""
        shown.say(f"\n{listing.matched:,} dead letters{some}")
        shown.show_totals(listing)
    else:
        shown.say("No dead letter matches." if selection else "No dead letters.")
    if listing.hidden:
        shown.say(
            f"Hidden, for they were handled: {shown.counts(listing.hidden)}. --all shows them."
        )
    if foreign:
        shown.say(f"Left out: {foreign:,} messages without the headers of a dead letter.")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="The dead letter's id.")],
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the value's exact bytes, and nothing else.")
    ] = False,
) -> None:
    """Show one dead letter: headers, what was done about it, and the value.

    Exit codes: 0 shown; 1 not there, or broker or store does not answer; 2 wrong settings.
    """
    settings = load_settings()
    with desk(settings) as at:
        found = next((each for each in at.letters() if each.id == name), None)
        if found is None:
            fail(_lacking(name))
        if raw:
            sys.stdout.buffer.write(found.value)
            sys.stdout.buffer.flush()
        else:
            (mark,) = at.run(at.marks.read([name]))
            shown.show_one(found, mark)


@app.command()
def replay(
    ids: Ids = None,
    *,
    topic: Topic = None,
    partition: Partition = None,
    reason: Why = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    contains: Contains = None,
    again: Annotated[
        bool, typer.Option("--again", help="Those that were replayed or discarded too.")
    ] = False,
    everything: Everything = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Send the events of dead letters again: the bytes as they came, to the topic they came from.

    The key is the original one, and the headers say which dead letter it was. A letter is marked as
    replayed once Kafka has confirmed it, and is not sent a second time without --again.

    Exit codes: 0 nothing is left to be sent; 1 some were not sent (the message says why), or nobody
    answers; 2 wrong call or settings; 130 interrupted.
    """
    selection = selection_of(ids, topic, partition, reason, since, until, key, contains)
    refuse_careless(selection, "replay", everything=everything, asks=not (dry_run or yes))
    settings = load_settings()
    with desk(settings) as at:
        plan = _plan(at, selection, again=again, sending=True)
        _preview(plan, "replay", dry_run=dry_run, yes=yes)
        report = Report(passed=plan.passed)
        if plan.letters and not dry_run:
            _send(at, settings, plan, report, again=again)
    shown.tell(report)
    if plan.refused or not report.good:
        raise typer.Exit(1)


@app.command()
def discard(
    ids: Ids = None,
    *,
    because: Annotated[
        str, typer.Option("--because", help="Why; kept with the mark, for colleagues.")
    ],
    topic: Topic = None,
    partition: Partition = None,
    reason: Why = None,
    since: Since = None,
    until: Until = None,
    key: Key = None,
    contains: Contains = None,
    everything: Everything = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Set dead letters aside, so that they are neither listed nor replayed.

    Nothing is deleted from Kafka: the topic's retention does that.

    Exit codes: 0 done; 1 some were not (the message says why), or nobody answers; 2 wrong call or
    settings.
    """
    if not because.strip() or len(because) > _BECAUSE:
        raise typer.BadParameter(
            f"give a reason of 1 to {_BECAUSE} characters", param_hint="--because"
        )
    selection = selection_of(ids, topic, partition, reason, since, until, key, contains)
    refuse_careless(selection, "discard", everything=everything, asks=not (dry_run or yes))
    settings = load_settings()
    with desk(settings) as at:
        plan = _plan(at, selection, again=False, sending=False)
        _preview(plan, "discard", dry_run=dry_run, yes=yes)
        report, done = Report(passed=plan.passed), 0
        if plan.letters and not dry_run:
            done = _set_aside(at, settings, plan, because, report)
    if done:
        shown.say(
            f"Discarded {done:,} dead letters. Nothing is deleted from Kafka: they lie there until "
            "the topic's retention ends, and `tailorline dlq list --all` shows them."
        )
    shown.tell(report)
    if plan.refused or not report.good:
        raise typer.Exit(1)


def _lacking(name: str) -> str:
    return (
        f"There is no dead letter {name} on the topic. Kafka keeps them for the topic's retention "
        "only; `tailorline dlq list --all` shows those that are there."
    )


def _plan(at: Desk, selection: Selection, *, again: bool, sending: bool) -> Plan:
    plan, chosen = Plan(_SHOWN), Chosen(selection)
    plan.fill(at.survey(chosen), again=again, sending=sending)
    for name in chosen.lacking():
        plan.refused.append((name, "there is none on the topic, or none that fits the filters"))
    shown.complain([f"{name} refused: {why}." for name, why in plan.refused])
    return plan


def _preview(plan: Plan, verb: str, *, dry_run: bool, yes: bool) -> None:
    """Say what is about to be done, and have it confirmed."""
    count = len(plan.letters)
    if not count:
        shown.say(f"There is nothing to {verb}.")
        return
    if dry_run:
        shown.show_rows(plan.listing.rows(), states=False)
        OUT.print()
    if not yes or dry_run:
        shown.say(f"{'Would ' if dry_run else 'About to '}{verb} {count:,} dead letters")
        shown.show_totals(plan.listing)
    if not yes and not dry_run and not typer.confirm("Go on?", err=True):
        fail("Nothing was done.")


def _send(at: Desk, settings: Settings, plan: Plan, report: Report, *, again: bool) -> None:
    from streams.runtime.deadletters import Resender, retention_ms

    ttl_s = mark_ttl_s(retention_ms(settings))
    left = dict(plan.letters)

    def planned() -> Iterator[Letter]:
        for letter in at.letters(plan.bounds(), "sending"):
            if left.pop((letter.partition, letter.offset), None) == letter.id:
                yield letter

    try:
        resend(
            planned(), at.marks, at.run, Resender(settings), report, again=again, ttl_s=ttl_s
        )  # fmt: skip
    except KeyboardInterrupt:
        shown.tell(report)
        fail("Interrupted; the rest was not sent.", code=130)
    except StoreError as error:
        shown.tell(report)
        fail(
            f"{error} What was sent last may not be marked: within {CLAIM_S / 60:g} minutes, look on "
            "the source topic for the header tailorline.replay_of before you replay the rest."
        )
    plan.refused += [(name, "Kafka deleted it meanwhile") for name in left.values()]
    shown.complain([f"{name} not sent: Kafka deleted it meanwhile." for name in left.values()])


def _set_aside(at: Desk, settings: Settings, plan: Plan, because: str, report: Report) -> int:
    from streams.runtime.deadletters import retention_ms

    ttl_s, done = mark_ttl_s(retention_ms(settings)), 0
    with bar("marking", len(plan.letters)) as moved:
        for batch in batches(plan.letters.values(), _DISCARDED_AT_ONCE):
            for claim in at.run(at.marks.discard(batch, because, ttl_s)):
                if claim.status == "yours":
                    done += 1
                else:
                    report.passed[claim.status] += 1
                    report.claimed_for_s = max(report.claimed_for_s, claim.left_s)
            moved(done)
    return done
