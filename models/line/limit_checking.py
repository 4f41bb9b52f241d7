"""Checks limits of sensors against each other, against the span, and whether their alarms can end."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from models.cleaning.units import KNOWN
from models.line.deadbands import deadband_of, endless, share_of
from models.line.document import LineRules, SensorChoice
from models.line.kinds import kind_of
from models.problems import Path, Problems


def in_order(problems: Problems, limits: Mapping[str, float], path: Path) -> None:
    """Note limits that are the wrong way round."""
    there = [name for name in ("low_low", "low", "high", "high_high") if name in limits]
    for lower, upper in pairwise(there):
        if limits[lower] >= limits[upper]:
            problems.note((*path, "limits", upper), f"is not above {lower}")


def within_span(
    problems: Problems, span: tuple[float, float], limits: Mapping[str, float], path: Path
) -> None:
    """Note limits that no value within the span breaks, and those that every one does."""
    begin, end = span
    for name, at in limits.items():
        where = (*path, "limits", name)
        if not begin <= at <= end:
            problems.note(where, f"lies outside of the span, {begin:,.12g} to {end:,.12g}")
        elif at == (begin if name.startswith("high") else end):
            word = "begin" if name.startswith("high") else "end"
            problems.note(where, f"is the {word} of the span: its alarm would never end")


def alarms_end(problems: Problems, rules: LineRules) -> None:
    """Note deadbands that never let an alarm end, of sensors that are right otherwise.

    They come from the sensor or its kind, so all has to be read before.
    """
    wrong = {problem.path[:6] for problem in problems.found}
    for line, of_line in rules.lines.items():
        for machine, of_machine in of_line.machines.items():
            for name, own in of_machine.sensors.items():
                path = ("lines", line, "machines", machine, "sensors", name)
                if path not in wrong:
                    _alarms_end(problems, rules, own, path)


def _alarms_end(problems: Problems, rules: LineRules, own: SensorChoice, path: Path) -> None:
    kind = own.kind or (None if own.unit is None else kind_of(KNOWN[own.unit].unit))
    deadband = deadband_of(own, share_of(kind, rules.kinds))
    for rule, why in endless(own, deadband):
        if own.deadband is not None:
            problems.note((*path, "deadband"), f"is too wide: the alarm {rule} {why}")
        else:
            problems.note(
                (*path, "limits", rule),
                f"its alarm {why}; say a smaller deadband, for without one it is at least "
                f"{deadband:,.12g}",
            )
