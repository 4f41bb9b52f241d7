"""``tailorline offers``."""

import json
from pathlib import Path

import pytest

from models.campaigns.checking import checked
from models.campaigns.document import OfferRules
from models.view import OFFER_RULES, OPERATORS_PART
from streams.documents import OFFERS, applied
from streams.rules_file import parse
from tests.cli.installation import fill

CAPPED = "limits: {daily_cap: 3}\n"
SALE = """\
sources: {trending: false}
campaigns:
  - {name: sale, items: [tie, "0123"], discount: 0.2, ends: 2020-01-01T00:00:00+01:00}
  - {name: always, categories: [hats], boost: 2}
"""


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "offers.yaml"
        path.write_text(text)
        return str(path)

    return write


def in_force(installed) -> OfferRules | None:
    return installed.in_store(lambda store: applied(store, OFFERS))


def test_check_needs_no_store_and_says_what_the_rules_are(run, file):
    result = run("offers", "check", file(SALE), TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "offers.yaml is right: 2 campaigns (1 running now), 0 limits, sources off: trending, "
        "triggers off: none.\n"
    )


@pytest.mark.parametrize("how", [("offers", "check"), ("offers", "apply"), ("config", "check")])
def test_all_that_is_wrong_is_said_each_with_its_line(run, installed, file, how):
    name = file("limits:\n  daily_kap: 3\ncampaigns:\n- {name: sale}\n- items: [a]\n")
    result = run(*how, name, **installed.env)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{name}:2: limits.daily_kap: is no known key; did you mean daily_cap?",
        f"{name}:4: campaigns[0]: is for nothing: say items, categories or both",
        f"{name}:5: campaigns[1].name: is lacking: what is spent is kept under it",
    ]
    assert in_force(installed) is None


@pytest.mark.parametrize("how", [("offers", "check"), ("offers", "apply"), ("config", "check")])
def test_a_file_that_is_not_there_is_a_wrong_call(run, installed, how):
    result = run(*how, "nowhere.yaml", **installed.env)
    assert result.exit_code == 2
    assert result.stderr == "nowhere.yaml cannot be read: No such file or directory.\n"


def test_applied_rules_are_in_force_and_the_next_take_their_place(run, installed, file):
    installed.in_store(fill)
    result = run("offers", "apply", file(CAPPED), **installed.env)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("In force now: 0 campaigns (0 running now), 1 limit,")
    assert in_force(installed).limits.daily_cap == 3
    assert run("offers", "apply", file(SALE), **installed.env).exit_code == 0
    assert in_force(installed) == parse(SALE.encode(), OFFERS)


def test_the_same_rules_again_are_not_published_again(run, installed, file):
    def version():
        return installed.in_store(lambda store: store.view_since(OPERATORS_PART, 0)).version

    run("offers", "apply", file(SALE), **installed.env)
    before = version()
    result = run("offers", "apply", file("# other words\n" + SALE), **installed.env)
    assert (result.exit_code, "Unchanged" in result.stdout) == (0, True)
    assert version() == before


def test_a_store_that_no_worker_has_used_is_pointed_out(run, installed, file):
    result = run("offers", "apply", file(CAPPED), **installed.env)
    assert result.exit_code == 0
    assert "TAILORLINE_STORE__PREFIX" in result.stderr
    assert in_force(installed) is not None


def test_what_is_shown_can_be_applied(run, installed, file):
    run("offers", "apply", file(SALE), **installed.env)
    result = run("offers", "show", **installed.env)
    assert (result.exit_code, result.stderr) == (0, "")
    assert parse(result.stdout.encode(), OFFERS) == in_force(installed)
    plain = json.loads(run("offers", "show", "--json", **installed.env).stdout)
    assert checked(plain) == in_force(installed)


def test_no_rules_are_no_failure(run, installed):
    result = run("offers", "show", **installed.env)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No offer rules are in force" in result.stderr
    assert json.loads(run("offers", "show", "--json", **installed.env).stdout) is None
    assert run("offers", "clear", **installed.env).exit_code == 0


def test_clear_says_what_it_would_take_away_and_does_it_when_told_twice(run, installed, file):
    run("offers", "apply", file(SALE), **installed.env)
    result = run("offers", "clear", **installed.env)
    assert result.exit_code == 1
    assert "In force: 2 campaigns" in result.stderr
    assert in_force(installed) is not None
    result = run("offers", "clear", "--yes", **installed.env)
    assert (result.exit_code, "No offer rules are in force" in result.stdout) == (0, True)
    assert in_force(installed) is None


def test_rules_that_cannot_be_read_are_said_and_can_be_replaced(run, installed, file):
    bad = {OFFER_RULES: b'{"limits": 3}'}
    installed.in_store(lambda store: store.publish_view(OPERATORS_PART, bad))
    for command in (("show",), ("clear",)):
        result = run("offers", *command, **installed.env)
        assert (result.exit_code, "offers apply FILE" in result.stderr) == (1, True)
    result = run("doctor", "--json", **installed.env)
    (finding,) = [each for each in json.loads(result.stdout) if each["subject"] == "offer rules"]
    assert (result.exit_code, finding["level"]) == (1, "wrong")
    assert run("offers", "apply", file(CAPPED), **installed.env).exit_code == 0
    assert in_force(installed).limits.daily_cap == 3


def test_the_doctor_says_which_rules_are_in_force(run, installed, file):
    def told() -> str:
        found = json.loads(run("doctor", "--json", **installed.env).stdout)
        return next(each["text"] for each in found if each["subject"] == "offer rules")

    assert told() == "none: offers are made by the settings"
    run("offers", "apply", file(SALE), **installed.env)
    assert told() == "in force, with 2 campaigns, 1 of them running"


@pytest.mark.parametrize("command", [("show",), ("clear", "--yes"), ("apply", "offers.yaml")])
def test_a_store_that_is_not_there_is_a_failure(run, impatient, file, command):
    file(CAPPED)
    result = run("offers", *command, TAILORLINE_STORE__URL="redis://127.0.0.1:1/0")
    assert result.exit_code == 1
    assert "tailorline doctor" in result.stderr
