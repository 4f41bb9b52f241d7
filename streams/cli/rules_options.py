"""``tailorline rules options``: how articles are configured, and which options go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from models.itemsets.rules import Rule, wilson_lower
from models.options.choices import OptionPair
from models.options.proposal import proposed_options
from models.view import Row
from streams.cli.console import OUT, fail
from streams.cli.opened import merged_view
from streams.cli.worker import load_settings
from streams.store.protocol import StoreError

_MEASURES = ("support", "confidence", "lift", "p", "score", "n", "n_a", "n_b", "n_ab")
_RULES = ("supp", "conf", "lift", "p", "n_ab", "n_a", "n_b", "score")
_CHOICES = ("chosen", "of", "share", "at least", "left out")


def option_rules(
    sku: Annotated[
        str, typer.Argument(metavar="SKU", help="Only this article; all if left out.")
    ] = "",
    *,
    choices: Annotated[
        bool, typer.Option(help="Show how often each value is chosen, and what is proposed.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many, best first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with full numbers.")] = False,
) -> None:
    """Show which options of an article are chosen together, or how often each is chosen.

    A rule says: of those who order the article, who chooses the first value chooses the second
    more often than by chance. Counted are order lines with options. Values that only few customers
    chose (TAILORLINE_ITEMSETS__MIN_CUSTOMERS in a shard) are never shown.

    Exit codes: 0 shown, also if there are none yet; 1 the store does not answer; 2 wrong settings.
    """
    try:
        _, view = merged_view(load_settings())
    except StoreError as error:
        fail(str(error))
    rows = {item: row for item, row in view.rows().items() if row.options and sku in {"", item}}
    lines = _choices(rows) if choices else _rules(rows)
    if json:
        typer.echo(orjson.dumps(lines[:top], option=orjson.OPT_INDENT_2))
    elif lines:
        OUT.print((_choice_table if choices else _rule_table)(lines[:top]), highlight=False)
        OUT.print(f"\n{min(top, len(lines)):,} of {len(lines):,}.", highlight=False)
    else:
        OUT.print(_why_none(sku, len(rows)), highlight=False, markup=False)


def _rules(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Return the significant pairs in both directions, the best first."""
    both = [
        (item, own, own.rules[0])
        for item, row in rows.items()
        for pair in row.option_pairs
        if pair.significant
        for own in (pair, pair.turned())
    ]
    both.sort(key=lambda own: (-own[2].score, own[0], own[2].antecedent, own[2].consequent))
    return [_numbers(*own) for own in both]


def _numbers(item: str, pair: OptionPair, rule: Rule) -> dict[str, Any]:
    names = {
        "sku": item,
        "antecedent": {"option": pair.option, "value": pair.value},
        "consequent": {"option": pair.option2, "value": pair.value2},
    }
    return names | {measure: getattr(rule, measure) for measure in _MEASURES}


def _choices(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Return the values of all options, those of the article ordered most first."""
    found = []
    for item, row in rows.items():
        proposed = {(own.option, own.value) for own in proposed_options(row)}
        found += [
            {
                "sku": item,
                "option": choice.option,
                "value": own.value,
                "chosen": own.count,
                "of": choice.of,
                "share": own.count / choice.of,
                "share_at_least": wilson_lower(own.count, choice.of),
                "left_out": choice.without,
                "values": choice.known,
                "proposed": (choice.option, own.value) in proposed,
            }
            for choice in row.options
            for own in choice.values
        ]
    return sorted(found, key=lambda own: (-own["of"], own["sku"]))


def _why_none(sku: str, rows: int) -> str:
    about = f" of the article {sku}" if sku else ""
    if rows:
        return (
            f"No two options{about} are chosen together more often than by chance, as far as is "
            "known yet. How often each is chosen: --choices."
        )
    return (
        f"No options{about} yet: orders must come in whose lines have options, and enough customers "
        "must choose the same (TAILORLINE_ITEMSETS__MIN_CUSTOMERS of a shard)."
    )


def _rule_table(lines: list[dict[str, Any]]) -> Table:
    table = _table(("article", "if", "then"), _RULES)
    for own in lines:
        table.add_row(
            escape(own["sku"]), _said(own["antecedent"]), _said(own["consequent"]),
            f"{own['support']:.4f}", f"{own['confidence']:.3f}", f"{own['lift']:.2f}",
            f"{own['p']:.0e}", f"{own['n_ab']:,.0f}", f"{own['n_a']:,.0f}", f"{own['n_b']:,.0f}",
            f"{own['score']:.3f}",
        )  # fmt: skip
    return table


def _choice_table(lines: list[dict[str, Any]]) -> Table:
    table = _table(("article", "option"), _CHOICES)
    table.add_column("proposed")
    for own in lines:
        table.add_row(
            escape(own["sku"]), _said(own), f"{own['chosen']:,.0f}", f"{own['of']:,.0f}",
            f"{own['share']:.3f}", f"{own['share_at_least']:.3f}", f"{own['left_out']:,.0f}",
            "yes" if own["proposed"] else "",
        )  # fmt: skip
    return table


def _table(names: tuple[str, ...], figures: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head in names:
        table.add_column(head, overflow="fold")
    for head in figures:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _said(own: Mapping[str, Any]) -> str:
    return escape(f"{own['option']}={own['value']}")
