"""Each run rule, at its limit and one point short of it."""

from __future__ import annotations

import pytest

from models.spc.rules import NELSON, WESTERN_ELECTRIC, Points, RuleName, RuleSettings, RunRules

ZIGZAG = [0.1 if n % 2 else -0.1 for n in range(14)]
BROKEN: dict[RuleName, tuple[list[float], str | None]] = {
    "western_electric_1": ([3.01], "upper"),
    "western_electric_2": ([2.1, 0, 2.1], "upper"),
    "western_electric_3": ([1.1, 1.1, 0, 1.1, 1.1], "upper"),
    "western_electric_4": ([0.1] * 8, "upper"),
    "nelson_1": ([3.01], "upper"),
    "nelson_2": ([0.1] * 9, "upper"),
    "nelson_3": ([-0.5, -0.4, -0.1, 0.1, 0.2, 0.3], "upper"),
    "nelson_4": (ZIGZAG, None),
    "nelson_5": ([2.1, 0, 2.1], "upper"),
    "nelson_6": ([1.1, 1.1, 0, 1.1, 1.1], "upper"),
    "nelson_7": ([0.9, -0.9, 0.5, 0.1, -0.2] * 3, None),
    "nelson_8": ([1.1, -1.1, -1.1, 1.1] * 2, None),
}
NOT_BROKEN: dict[RuleName, list[list[float]]] = {
    "western_electric_1": [[3.0], [-3.0]],
    "western_electric_2": [[2.1, 0, 0, 2.1], [2.1, -2.1, 0], [2.0, 2.0, 2.0]],
    "western_electric_3": [[1.1, 1.1, 0, 0, 1.1, 1.1], [1.1, 1.1, 1.1, -1.1], [1.0] * 5],
    "western_electric_4": [[0.1] * 7, [0.1] * 7 + [-0.1] * 7, [0.1] * 7 + [0.0] + [0.1] * 7],
    "nelson_1": [[3.0], [-3.0]],
    "nelson_2": [[0.1] * 8, [0.1] * 8 + [-0.1] * 8],
    "nelson_3": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.6], [0.1, 0.2, 0.3, 0.4, 0.5, 0.4]],
    "nelson_4": [
        ZIGZAG[:-1],
        ZIGZAG[:7] + ZIGZAG[6:13],
        [0.1, 0.1, -0.1, -0.1] * 4,
        [0.01 * (n // 2) for n in range(30)],
    ],
    "nelson_5": [[2.1, 0, 0, 2.1], [2.1, -2.1, 0], [2.0, 2.0, 2.0]],
    "nelson_6": [[1.1, 1.1, 0, 0, 1.1, 1.1], [1.1, 1.1, 1.1, -1.1], [1.0] * 5],
    "nelson_7": [[0.9] * 14, [0.5] * 14 + [1.0] + [0.5] * 14],
    "nelson_8": [[1.1] * 7, [1.1] * 7 + [1.0] + [-1.1] * 7],
}
rules = pytest.mark.parametrize("rule", [*WESTERN_ELECTRIC, *NELSON])


def broken_at(rule: RuleName, values: list[float]) -> list[int]:
    chart = RunRules()
    return [n for n, z in enumerate(values, 1) if chart.step(z, RuleSettings((rule,)))]


@rules
def test_a_rule_is_broken_by_its_last_point_and_on_its_side(rule: RuleName) -> None:
    values, side = BROKEN[rule]
    for sign, named in ((1, side), (-1, side and "lower")):
        mirrored = [sign * z for z in values]
        assert broken_at(rule, mirrored) == [len(values)]
        chart = RunRules()
        signal = [chart.step(z, RuleSettings((rule,))) for z in mirrored][-1]
        assert signal is not None
        assert (signal.rule, signal.side, signal.z) == (rule, named, mirrored[-1])
        assert signal.statistic == signal.limit


@rules
def test_a_rule_is_not_broken_by_less(rule: RuleName) -> None:
    for values in NOT_BROKEN[rule]:
        assert broken_at(rule, values) == []
        assert broken_at(rule, [-z for z in values]) == []


def test_a_signal_says_how_many_points_it_takes() -> None:
    chart = RunRules()
    signal = [chart.step(0.1, RuleSettings(("nelson_2",))) for _ in range(9)][-1]
    assert signal is not None
    assert (signal.statistic, signal.limit) == (9, 9)


def test_the_first_rule_that_is_broken_is_reported() -> None:
    for rules_set, expected in (
        (WESTERN_ELECTRIC, "western_electric_1"),
        (WESTERN_ELECTRIC[::-1], "western_electric_2"),
    ):
        chart = RunRules()
        assert chart.step(2.5, RuleSettings(rules_set)) is None
        signal = chart.step(3.5, RuleSettings(rules_set))
        assert signal is not None
        assert signal.rule == expected


def test_after_a_signal_the_same_points_do_not_count_again() -> None:
    assert broken_at("western_electric_4", [0.1] * 24) == [8, 16, 24]
    assert broken_at("nelson_5", [2.1, 2.1, 0.0, 2.1, 2.1]) == [2, 5]


def test_what_is_beyond_is_the_last_point_only() -> None:
    points = Points.none(0.0).after(4.0)
    assert points.count("beyond") == (1, 0)
    assert points.after(0.0).count("beyond") == (0, 0)


def test_all_rules_may_be_looked_for_at_once() -> None:
    settings = RuleSettings((*NELSON, *WESTERN_ELECTRIC))
    signal = [chart.step(0.1, settings) for chart in [RunRules()] for _ in range(8)][-1]
    assert signal is not None
    assert signal.rule == "western_electric_4"


@pytest.mark.parametrize("names", [(), ("nelson_9",), ("nelson_1", "")])
def test_rules_that_do_not_exist_are_errors(names: tuple[RuleName, ...]) -> None:
    with pytest.raises(ValueError, match="western_electric_1"):
        RuleSettings(names)
