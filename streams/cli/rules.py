"""``tailorline rules``: what is bought together, with the numbers behind it."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from models.itemsets.rules import Rule
from streams.cli import rules_audit, rules_options
from streams.cli.console import OUT, fail
from streams.cli.opened import merged_view
from streams.cli.worker import load_settings
from streams.store.protocol import StoreError

app = typer.Typer(invoke_without_command=True)
app.command("audit")(rules_audit.audit_counts)
app.command("options")(rules_options.option_rules)
_MEASURES = (
    "support",
    "confidence",
    "lift",
    "leverage",
    "conviction",
    "kulczynski",
    "imbalance",
    "p",
    "score",
    "n",
    "n_a",
    "n_b",
    "n_ab",
)
_HEADS = (
    "supp", "conf", "lift", "lever", "convic", "kulc", "imbal", "p", "n_ab", "n_a", "n_b", "score",
)  # fmt: skip


@app.callback()
def rules(
    ctx: typer.Context,
    *,
    item: Annotated[
        str | None, typer.Option(help="Only rules with this article, on either side.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many, best first.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with full numbers.")] = False,
) -> None:
    """Show which articles are bought together, out of the merged view that offers are made from.

    A rule says: who buys the first buys the second more often than by chance. Only significant
    rules with enough orders and customers are published (TAILORLINE_RULES__… and
    TAILORLINE_ITEMSETS__MIN_CUSTOMERS), so a young system has none.

    Exit codes: 0 shown, also if there are none yet; 1 the store does not answer; 2 wrong settings.
    """
    if ctx.invoked_subcommand:
        return
    try:
        parts, view = merged_view(load_settings())
    except StoreError as error:
        fail(str(error))
    known = view.rows()
    found = [rule for row in known.values() for rule in row.rules]
    found.sort(key=lambda rule: (-rule.score, rule.antecedent, rule.consequent))
    chosen = [rule for rule in found if item in {None, rule.antecedent, rule.consequent}]
    if json:
        typer.echo(
            orjson.dumps([_numbers(rule) for rule in chosen[:top]], option=orjson.OPT_INDENT_2)
        )
    elif chosen:
        _print(chosen, top)
    else:
        OUT.print(_why_none(parts, len(known), len(found), item), highlight=False, markup=False)


def _numbers(rule: Rule) -> dict[str, Any]:
    """Return a rule as a row of data. An infinite conviction becomes null: JSON has no infinity."""
    names = {"antecedent": rule.antecedent, "consequent": rule.consequent}
    return names | {measure: getattr(rule, measure) for measure in _MEASURES}


def _print(chosen: list[Rule], top: int) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("if", overflow="fold")
    table.add_column("then", overflow="fold")
    for head in _HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for rule in chosen[:top]:
        conviction = "inf" if rule.conviction > 9999 else f"{rule.conviction:.2f}"
        table.add_row(
            escape(rule.antecedent), escape(rule.consequent), f"{rule.support:.4f}",
            f"{rule.confidence:.3f}", f"{rule.lift:.2f}", f"{rule.leverage:.4f}", conviction,
            f"{rule.kulczynski:.3f}", f"{rule.imbalance:.2f}", f"{rule.p:.0e}",
            f"{rule.n_ab:,.0f}", f"{rule.n_a:,.0f}", f"{rule.n_b:,.0f}", f"{rule.score:.3f}",
        )  # fmt: skip
    OUT.print(table, highlight=False)
    shown = min(top, len(chosen))
    OUT.print(
        f"\n{shown:,} of {len(chosen):,} rules, out of {chosen[0].n:,.0f} orders. "
        "n_ab, n_a, n_b: orders with both articles, with the first, with the second.",
        highlight=False,
    )


def _why_none(parts: int, rows: int, found: int, item: str | None) -> str:
    if not parts:
        return "No rules: the store knows no shop yet. Start a worker: `tailorline worker`."
    if found and item:
        return f"No rule with the article {item}; {found:,} rules about others."
    if not rows:
        return (
            "No rules yet: nothing was merged so far. Orders must come in, and a worker must run: "
            "see `tailorline doctor`."
        )
    return (
        f"No rules yet: of {rows:,} articles none is bought together with another often enough "
        "(TAILORLINE_RULES__MIN_COUNT orders by TAILORLINE_ITEMSETS__MIN_CUSTOMERS customers of a "
        "shard) to be sure that it is no chance."
    )
