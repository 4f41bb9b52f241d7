"""``tailorline line``."""

import json
from pathlib import Path

import pytest

from models.line.checking import checked
from models.line.document import LineRules
from models.view import LINE_RULES, OPERATORS_PART
from streams.documents import LINE, OFFERS, applied, apply
from streams.rules_file import parse
from tests.cli.installation import fill

EXAMPLE = Path(__file__).parents[2] / "deploy" / "line.yaml"
HOT = "lines: {l1: {machines: {m1: {sensors: {t: {limits: {high: 30}}}}}}}\n"
MORE = """\
site: works
lines:
  "0123":
    machines:
      m1:
        sensors:
          t: {span: [0, 100], limits: {high: 30, low: 5}, rate: {per_min: 2}}
          p: {control_chart: {chart: ewma}}
      m2: {ideal_cycle_s: 40}
"""


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "line.yaml"
        path.write_text(text)
        return str(path)

    return write


def in_force(installed) -> LineRules | None:
    return installed.in_store(lambda store: applied(store, LINE))


def seen_by_the_doctor(run, installed):
    result = run("doctor", "--json", **installed.env)
    found = json.loads(result.stdout)
    return result, next(each for each in found if each["subject"] == "line rules")


def version(installed) -> int:
    return installed.in_store(lambda store: store.view_since(OPERATORS_PART, 0)).version


def test_check_needs_no_store_and_says_what_the_rules_are(run, file):
    result = run("line", "check", file(MORE), TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith(
        "line.yaml is right: 1 line, 2 machines, 2 sensors, 3 limits, 1 control chart.\n"
    )


@pytest.mark.parametrize("how", [("line", "check"), ("line", "apply"), ("config", "check")])
def test_all_that_is_wrong_is_said_each_with_its_line(run, installed, file, how):
    name = file("""\
lines:
  l/1:
    machines:
      m1:
        runing: {states: [running]}
        sensors:
          t:
            limits: {high: 3, low: 5}
            unit: bar
            rate: {over_s: 9}
""")
    result = run(*how, name, **installed.env)
    assert result.exit_code == 1
    lacking = "is lacking: how much it may change in a minute"
    assert result.stderr.splitlines() == [
        f"{name}:2: lines.l/1: has a slash in its name, which no line, machine or sensor can have",
        f"{name}:5: lines.l/1.machines.m1.runing: is no known key; did you mean running?",
        f"{name}:8: lines.l/1.machines.m1.sensors.t.limits.high: is not above low",
        f"{name}:10: lines.l/1.machines.m1.sensors.t.rate.per_min: {lacking}",
    ]
    assert in_force(installed) is None


@pytest.mark.parametrize("how", [("line", "check"), ("line", "apply"), ("config", "check")])
def test_a_file_that_is_not_there_is_a_wrong_call(run, installed, how):
    result = run(*how, "nowhere.yaml", **installed.env)
    assert result.exit_code == 2
    assert result.stderr == "nowhere.yaml cannot be read: No such file or directory.\n"


def test_applied_rules_are_in_force_and_the_next_take_their_place(run, installed, file):
    installed.in_store(fill)
    result = run("line", "apply", file(HOT), **installed.env)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "In force now: 1 line, 1 machine, 1 sensor, 1 limit, 0 control charts.\n"
    )
    assert in_force(installed) == parse(HOT.encode(), LINE)
    assert run("line", "apply", file(MORE), **installed.env).exit_code == 0
    assert in_force(installed) == parse(MORE.encode(), LINE)


def test_the_same_rules_again_are_not_published_again(run, installed, file):
    run("line", "apply", file(MORE), **installed.env)
    before = version(installed)
    result = run("line", "apply", file("# other words\n" + MORE), **installed.env)
    assert result.exit_code == 0
    assert result.stdout.startswith("Unchanged, in force already: 1 line, 2 machines, ")
    assert version(installed) == before


def test_a_store_that_no_worker_has_used_is_pointed_out(run, installed, file):
    result = run("line", "apply", file(HOT), **installed.env)
    assert result.exit_code == 0
    assert result.stderr == (
        "No worker has used this store yet. If there are workers, look at TAILORLINE_STORE__URL and "
        "TAILORLINE_STORE__PREFIX. The rules hold for those that come.\n"
    )
    assert in_force(installed) is not None


@pytest.mark.parametrize("text", [MORE, EXAMPLE.read_text(), "alarms: {all: {}}"])
def test_what_is_shown_can_be_applied(run, installed, file, text):
    assert run("line", "apply", file(text), **installed.env).exit_code == 0
    result = run("line", "show", **installed.env)
    assert (result.exit_code, result.stderr) == (0, "")
    assert in_force(installed) == parse(text.encode(), LINE) == parse(result.stdout.encode(), LINE)
    plain = json.loads(run("line", "show", "--json", **installed.env).stdout)
    assert checked(plain) == in_force(installed)
    assert "Unchanged" in run("line", "apply", file(result.stdout), **installed.env).stdout


def test_no_rules_are_no_failure(run, installed):
    none = (
        "No line rules are in force: limits are found from what sensors do, and nothing else is "
        "watched.\n"
    )
    result = run("line", "show", **installed.env)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", none)
    assert json.loads(run("line", "show", "--json", **installed.env).stdout) is None
    result = run("line", "clear", **installed.env)
    assert (result.exit_code, result.stdout) == (0, none)


def test_clear_says_what_it_would_take_away_and_does_it_when_told_twice(run, installed, file):
    run("line", "apply", file(MORE), **installed.env)
    result = run("line", "clear", **installed.env)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "In force: 1 line, 2 machines, 2 sensors, 3 limits, 1 control chart.\n"
        "Keep them with `tailorline line show > FILE`, then say `tailorline line clear --yes`. "
        "Nothing was changed.\n"
    )
    assert in_force(installed) is not None
    result = run("line", "clear", "--yes", **installed.env)
    assert (result.exit_code, "No line rules are in force" in result.stdout) == (0, True)
    assert in_force(installed) is None


def test_offer_rules_and_line_rules_leave_each_other_alone(run, installed, file):
    offer_rules = parse(b"limits: {daily_cap: 3}", OFFERS)
    installed.in_store(lambda store: apply(store, OFFERS, offer_rules))
    run("line", "apply", file(HOT), **installed.env)
    assert installed.in_store(lambda store: applied(store, OFFERS)) == offer_rules
    run("offers", "clear", "--yes", **installed.env)
    assert in_force(installed) == parse(HOT.encode(), LINE)


def test_rules_that_cannot_be_read_are_said_and_can_be_replaced(run, installed, file):
    bad = {LINE_RULES: b'{"lines": 3}'}
    installed.in_store(lambda store: store.publish_view(OPERATORS_PART, bad))
    for command in (("show",), ("clear",)):
        result = run("line", *command, **installed.env)
        assert result.exit_code == 1
        assert result.stderr.startswith("The line rules in the store cannot be read (")
        assert "`tailorline line apply FILE` puts others in their place." in result.stderr
    result, finding = seen_by_the_doctor(run, installed)
    assert (result.exit_code, finding["level"]) == (1, "wrong")
    assert finding["remedy"] == "`tailorline line apply FILE`, or `tailorline line clear --yes`"
    assert run("line", "apply", file(HOT), **installed.env).exit_code == 0
    assert in_force(installed) == parse(HOT.encode(), LINE)


def test_rules_that_cannot_be_read_can_be_cleared(run, installed):
    bad = {LINE_RULES: b'{"lines": 3}'}
    installed.in_store(lambda store: store.publish_view(OPERATORS_PART, bad))
    assert run("line", "clear", "--yes", **installed.env).exit_code == 0
    assert in_force(installed) is None


def test_the_doctor_says_which_rules_are_in_force(run, installed, file):
    _, finding = seen_by_the_doctor(run, installed)
    assert finding["text"] == "none: limits are found from what sensors do"
    run("line", "apply", file(MORE), **installed.env)
    _, finding = seen_by_the_doctor(run, installed)
    assert finding["text"] == "in force, for 1 lines and 2 machines"


@pytest.mark.parametrize("command", [("show",), ("clear", "--yes"), ("apply", "line.yaml")])
def test_a_store_that_is_not_there_is_a_failure(run, impatient, file, command):
    file(HOT)
    result = run("line", *command, TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "tailorline doctor" in result.stderr


@pytest.mark.parametrize("command", [("show",), ("clear",), ("apply", "line.yaml")])
def test_wrong_settings_are_a_wrong_call(run, file, command):
    file(HOT)
    result = run("line", *command, TAILORLINE_STORE__PREFIX="not allowed")
    assert result.exit_code == 2
    assert "TAILORLINE_STORE__PREFIX" in result.stderr


@pytest.mark.parametrize("how", [("line", "check"), ("config", "check")])
def test_a_file_whose_only_key_is_misspelt_is_taken_for_what_is_meant(run, installed, file, how):
    name = file("line: {l1: {}}\n")
    result = run(*how, name, **installed.env)
    assert (result.exit_code, result.stderr) == (
        1,
        f"{name}:1: line: is no known key; did you mean lines?\n",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alarms: {all: {}}", "1 rule for the site, 0 lines, "),
        ("alarms: {all: {}, high: {}}", "2 rules for the site, 0 lines, "),
        ("site: works", "0 lines, "),
    ],
)
def test_rules_for_the_site_are_counted(run, file, text, said):
    assert f"line.yaml is right: {said}" in run("line", "check", file(text)).stdout
