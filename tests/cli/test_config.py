"""``tailorline config``, and that every setting is documented."""

import dataclasses
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import streams.settings
from models.propensity.settings import ContestSettings
from streams.about import ABOUT
from streams.cli.catalogue import catalogue, unknown_names, without_password
from streams.cli.config import page
from streams.settings import Settings

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_that_of_the_code(run):
    assert DOCS.read_text() == page(), "make it anew: tailorline config docs > docs/settings.md"
    assert run("config", "docs").stdout == page()


@pytest.mark.parametrize("setting", catalogue(), ids=lambda setting: setting.env)
def test_every_setting_is_described_in_a_sentence(setting):
    assert setting.about[:1].strip(), f"describe it in ABOUT of streams/about.py: {setting.path}"
    assert setting.about.endswith(".")


def test_nothing_is_described_that_is_no_setting():
    for model, about in ABOUT.items():
        assert about.keys() <= {each.name for each in dataclasses.fields(model)}, model


def test_every_name_sets_its_setting(monkeypatch: pytest.MonkeyPatch):
    for setting in catalogue():
        choices = {"text": "x", "secret": "x", "true | false": "true"}
        kind = setting.kind
        value = choices.get(kind) or (kind.split(" | ")[-1] if "|" in kind else "1")
        if setting.env.endswith("ON_LOSS"):
            value = "skip"
        if setting.env.endswith(("SHAPE__SHORT", "SHAPE__LONG", "SHAPE__WINDOW")):
            value = {"SHORT": "3", "LONG": "9"}.get(setting.env.rpartition("__")[2], "40")
        if setting.env.endswith("CHALLENGERS"):
            value = "linear_svm"
        monkeypatch.setenv(setting.env, value)
    Settings()
    assert unknown_names() == []


def test_show_says_values_and_where_they_come_from(run, tmp_path: Path):
    (tmp_path / ".env").write_text(
        "GRAFANA_ADMIN_PASSWORD=x\nTAILORLINE_TICK_S=7\nTAILORLINE_KAFKA__GROUP=file\n"
    )
    env = {"TAILORLINE_KAFKA__GROUP": "mine", "TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__LIMIT": "6"}
    rows = {
        row["name"]: (row["value"], row["from"])
        for row in json.loads(run("config", "show", "--json", **env).stdout)
    }
    assert rows["TAILORLINE_KAFKA__GROUP"] == ("mine", "env")
    assert rows["TAILORLINE_TICK_S"] == ("7.0", ".env")
    assert rows["TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__LIMIT"] == ("6.0", "env")
    assert rows["TAILORLINE_FLOOR__WATCH__SENSOR__DEADBAND"] == ("0.6", "default")
    assert len(rows) == len(catalogue())
    lines = run("config", "show", **env).stdout.splitlines()
    assert ["TAILORLINE_KAFKA__GROUP", "mine", "env"] in [line.split() for line in lines]


def test_a_section_may_be_given_as_json(run):
    env = {"TAILORLINE_WEB": '{"host": "0.0.0.0", "port": 8080}'}
    result = run("config", "show", "--json", **env)
    assert result.stderr == ""
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert rows["TAILORLINE_WEB__PORT"] == {
        "name": "TAILORLINE_WEB__PORT", "value": "8080", "from": "env",
    }  # fmt: skip


@pytest.mark.parametrize("how", [("config", "show"), ("config", "show", "--json")])
def test_show_hides_secrets(run, how):
    env = {
        "TAILORLINE_SNAPSHOTS__KEY": "topsecret",
        "TAILORLINE_KAFKA__SASL_PASSWORD": "topsecret",
        "TAILORLINE_STORE__URL": "rediss://me:topsecret@host:6380/1?password=topsecret",
    }
    result = run(*how, **env)
    assert "topsecret" not in result.output
    assert "rediss://***@host:6380/1" in result.stdout
    assert "**********" in result.stdout


def test_an_address_without_password_stays_as_it_is():
    assert without_password("redis://localhost:6379/0") == "redis://localhost:6379/0"
    assert without_password("unix:///run/redis.sock") == "unix:///run/redis.sock"


def test_names_that_are_no_settings_are_pointed_out(run, tmp_path: Path):
    (tmp_path / ".env").write_text("TAILORLINE_TICKS=7\nOTHER=1\n")
    env = {
        "TAILORLINE_KAFKA__GRUOP": "x",
        # What Kubernetes adds beside a service called tailorline.
        "TAILORLINE_SERVICE_HOST": "1", "TAILORLINE_SERVICE_PORT_WEB": "1",
        "TAILORLINE_PORT": "1", "TAILORLINE_PORT_6066_TCP_ADDR": "1",
    }  # fmt: skip
    result = run("config", "show", **env)
    assert result.exit_code == 0
    assert sorted(result.stderr.splitlines()) == [
        f"TAILORLINE_{name} is no setting: it changes nothing. Did you mean TAILORLINE_{meant}?"
        for name, meant in (("KAFKA__GRUOP", "KAFKA__GROUP"), ("TICKS", "TICK_S"))
    ]


def test_a_contest_that_cannot_be_is_refused_with_what_to_do(run):
    result = run("config", "show", TAILORLINE_PROPENSITY__CHALLENGERS="linear_svm,forest")
    assert result.exit_code == 2
    assert "TAILORLINE_PROPENSITY: " in result.stderr
    assert "No contender is called 'forest'" in result.stderr


@pytest.mark.parametrize("contest", ["propensity", "clicks"])
def test_a_contender_whose_package_is_lacking_is_refused(
    monkeypatch: pytest.MonkeyPatch, contest: str
):
    monkeypatch.setattr(streams.settings, "find_spec", lambda _: None)
    assert Settings(_env_file=None).propensity.champion == "logistic"
    with pytest.raises(ValidationError, match=r"pip install 'tailorline\[mlp\]'"):
        Settings.model_validate({contest: ContestSettings(challengers="mlp")})


def test_wrong_settings_are_said_all_at_once(run):
    env = {"TAILORLINE_TICK_S": "-1", "TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__LIMIT": "high"}
    result = run("config", "show", **env)
    assert result.exit_code == 2
    assert "TAILORLINE_TICK_S: Input should be greater than 0" in result.stderr
    assert "TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__LIMIT" in result.stderr


KEY = {"TAILORLINE_SNAPSHOTS__KEY": "x"}


def test_check_says_that_all_is_right(run, tmp_path: Path):
    (tmp_path / "offers.yaml").write_text("limits: {daily_cap: 3}\n")
    assert run("config", "check", **KEY).stdout == "The settings are right.\n"
    result = run("config", "check", "offers.yaml", **KEY)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "offers.yaml is right: 0 campaigns" in result.stdout


def test_check_says_all_that_is_wrong_of_settings_and_rules(run, tmp_path: Path):
    (tmp_path / ".env").write_text("TAILORLINE_TICK_S=-1\nTAILORLINE_TICKS_S=1\n")
    (tmp_path / "offers.yaml").write_text("limits: {daily_cap: ten}\n")
    result = run(
        "config",
        "check",
        "offers.yaml",
        TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__LIMIT="high",
        **KEY,
    )
    assert (result.exit_code, result.stdout) == (2, "")
    found = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in found] == [
        "TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__LIMIT",
        "TAILORLINE_TICK_S",
        "TAILORLINE_TICKS_S is no setting",
        "offers.yaml:1",
    ]
    assert found[2].endswith("Did you mean TAILORLINE_TICK_S?")


def test_check_knows_that_a_worker_needs_a_key(run):
    result = run("config", "check")
    assert result.exit_code == 2
    assert result.stderr.startswith("TAILORLINE_SNAPSHOTS__KEY is not set.")


def test_a_name_that_is_no_setting_is_pointed_out_and_no_failure(run):
    result = run("config", "check", TAILORLINE_ANYTHING_ELSE="1", **KEY)
    assert (result.exit_code, result.stdout) == (0, "The settings are right.\n")
    assert "TAILORLINE_ANYTHING_ELSE is no setting" in result.stderr


@pytest.mark.parametrize("how", ["check", "show"])
def test_a_section_that_is_no_json_is_said_by_name(run, how):
    result = run("config", how, TAILORLINE_WEB='{"port": 1', **KEY)
    assert result.exit_code == 2
    assert "TAILORLINE_WEB: is no JSON: " in result.stderr


HOT = "lines: {l1: {machines: {m1: {sensors: {t: {limits: {high: 30}}}}}}}\n"


@pytest.mark.parametrize("how", [(), ("--kind", "line")])
def test_check_takes_line_rules_too(run, tmp_path: Path, how):
    (tmp_path / "line.yaml").write_text(HOT)
    result = run("config", "check", "line.yaml", *how, **KEY)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "The settings are right.",
        "line.yaml is right: 1 line, 1 machine, 1 sensor, 1 limit, 0 control charts.",
    ]


@pytest.mark.parametrize(
    "text", ["alarms: {all: {priority: urgent}}\n", '{"alarms": {"all": {"priority": "urgent"}}}']
)
def test_which_rules_a_file_has_is_seen_also_if_they_are_wrong(run, tmp_path: Path, text):
    (tmp_path / "rules.yaml").write_text(text)
    result = run("config", "check", "rules.yaml", **KEY)
    assert (result.exit_code, result.stdout) == (1, "The settings are right.\n")
    assert result.stderr == (
        "rules.yaml:1: alarms.all.priority: is no known priority; known are low, medium, high\n"
    )


def test_what_is_said_of_the_kind_goes_before_what_the_keys_say(run, tmp_path: Path):
    (tmp_path / "rules.yaml").write_text("line: {}\n")
    known = {
        "line": "did you mean lines?",
        "offers": "known are limits, sources, triggers, campaigns",
    }
    for kind, hint in known.items():
        result = run("config", "check", "rules.yaml", "--kind", kind, **KEY)
        assert result.exit_code == 1
        assert result.stderr == f"rules.yaml:1: line: is no known key; {hint}\n"
    (tmp_path / "rules.yaml").write_text(HOT)
    assert run("config", "check", "rules.yaml", "--kind", "offers", **KEY).exit_code == 1
    result = run("config", "check", "rules.yaml", "--kind", "shop", **KEY)
    assert (result.exit_code, "--kind" in result.stderr) == (2, True)


@pytest.mark.parametrize("kind", ["offers", "line"])
def test_wrong_settings_weigh_more_than_wrong_rules_which_are_said_all_the_same(
    run, tmp_path: Path, kind
):
    (tmp_path / "rules.yaml").write_text("x: 1\n")
    result = run("config", "check", "rules.yaml", "--kind", kind, TAILORLINE_TICK_S="-1", **KEY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "TAILORLINE_TICK_S: " in result.stderr
    assert "rules.yaml:1: x: is no known key" in result.stderr


@pytest.mark.parametrize("kind", [(), ("--kind", "line")])
def test_a_folder_is_no_file(run, tmp_path: Path, kind):
    (tmp_path / "rules").mkdir()
    result = run("config", "check", "rules", *kind, **KEY)
    assert (result.exit_code, result.stderr) == (2, "rules cannot be read: Is a directory.\n")
