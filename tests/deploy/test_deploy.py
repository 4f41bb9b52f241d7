"""The deployment files fit each other and the code: names, pins, ports, runbooks. Nothing is started."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.metrics import NAMES

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES = PROMETHEUS / "rules.yml"
OPERATING = ROOT / "docs" / "operating.md"
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
YAMLS = [
    ROOT / "docker-compose.yml",
    *sorted(DEPLOY.rglob("*.yml")),
    *sorted(DEPLOY.rglob("*.yaml")),
]


def parse(path: Path) -> Any:
    """Every document of a YAML file (or the one of a JSON file), the only one by itself."""
    if path.suffix == ".json":
        return json.loads(path.read_text())
    documents = list(yaml.safe_load_all(path.read_text()))
    return documents[0] if len(documents) == 1 else documents


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = parse(ROOT / "docker-compose.yml")["services"]
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in parse(RULES)["groups"] for rule in group["rules"]]


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())  # a collapsed row holds its own


def panel_expressions() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        for panel in panels(parse(path)):
            for target in panel.get("targets", ()):
                yield f"{path.name}: {panel['title']}", target["expr"]


def family(sample: str) -> str:
    """The metric that a sample belongs to: a histogram's samples carry suffixes that no definition has."""
    return re.sub(r"_(bucket|sum|count)$", "", sample)


@pytest.mark.parametrize(
    "path", [*YAMLS, *DASHBOARDS], ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_file_parses(path: Path) -> None:
    assert parse(path)


def test_the_expected_services_are_there() -> None:
    assert set(services()) == {"kafka", "topics", "redis", "worker", "prometheus", "grafana"}


def test_every_image_is_pinned() -> None:
    for name, service in services().items():
        if "build" in service:
            continue  # our own, built from this tree
        tag = service["image"].rpartition("/")[2].partition(":")[2]
        assert re.match(r"v?\d+\.\d+\.\d+", tag), f"{name}: {service['image']} is not pinned"


def test_the_broker_is_the_one_of_the_system_tests() -> None:
    pom = (ROOT / "bench" / "kafka" / "pom.xml").read_text()
    tested = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)</version>", pom)
    assert tested is not None
    assert services()["kafka"]["image"] == f"apache/kafka:{tested[1]}"


def test_every_port_is_on_loopback() -> None:
    for name, service in services().items():
        for port in service.get("ports", ()):
            assert str(port).startswith("127.0.0.1:"), f"{name}: {port} is open to the network"


def test_every_long_running_server_of_ours_has_a_health_check() -> None:
    for name in ("kafka", "redis", "worker"):
        assert "healthcheck" in services()[name], name


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in re.findall(
        r"^([A-Z_]+(?:KEY|PASSWORD))=", (ROOT / ".env.example").read_text(), re.MULTILINE
    ):
        assert f"${{{secret}:?" in text, f"{secret} must be required"


def test_grafana_names_the_provisioned_data_source() -> None:
    provisioned = parse(DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yml")
    uids = {source["uid"] for source in provisioned["datasources"]}
    for path in DASHBOARDS:
        used = set(
            re.findall(
                r'"uid": "([^"]+)"', json.dumps([p.get("datasource") for p in panels(parse(path))])
            )
        )
        assert used <= uids, path.name


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    for path in DASHBOARDS:
        shown = list(panels(parse(path)))
        assert len({panel["id"] for panel in shown}) == len(shown), path.name
        taken: set[tuple[int, int]] = set()
        for panel in shown:
            at = panel["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert not cells & taken, f"{path.name}: {panel['title']} lies on another panel"
            taken |= cells


def test_every_metric_that_is_looked_at_exists() -> None:
    asked = [*panel_expressions(), *((rule["alert"], rule["expr"]) for rule in rules())]
    asked += [
        (path.name, variable["definition"])
        for path in DASHBOARDS
        for variable in parse(path)["templating"]["list"]
    ]
    assert asked
    unknown = {
        f"{where}: {sample}"
        for where, expression in asked
        for sample in re.findall(r"\btailorline_[a-z_]+", expression)
        if sample not in NAMES and family(sample) not in NAMES
    }
    assert not unknown


def test_every_rule_has_a_severity_and_a_runbook() -> None:
    # A heading's anchor as the usual renderers make it: lower case, punctuation dropped, spaces to dashes.
    headings = re.findall(r"^#+ +(.+?)\s*$", OPERATING.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operating.md", rule["alert"]
        assert anchor in anchors, f"{rule['alert']}: docs/operating.md has no heading for #{anchor}"


def test_promtool_accepts_the_configuration_the_rules_and_every_panel(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on PATH")

    def run(*arguments: str | Path) -> None:
        done = subprocess.run(
            [promtool, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    # promtool knows no dashboards, but it parses rules: each panel's expression becomes a throw-away one.
    throw_away = [
        {
            "record": f"panel:{number}",
            "expr": re.sub(r"\$__rate_interval", "5m", expression).replace("$topic", ".*"),
        }
        for number, (_, expression) in enumerate(panel_expressions())
    ]
    of_panels = tmp_path / "panels.yml"
    of_panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": throw_away}]}))
    run("check", "config", PROMETHEUS / "prometheus.yml")
    run("check", "rules", RULES, of_panels)
    run("test", "rules", PROMETHEUS / "rules_test.yml")
