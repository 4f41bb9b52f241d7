"""``tailorline line``: what operators say of lines, machines and sensors, and how machines run."""

from __future__ import annotations

from models.line.document import LineRules
from streams.cli.documents import Wording, commands_for, number
from streams.documents import LINE


def summary(rules: LineRules) -> str:
    """Return in a line what rules say."""
    machines = [machine for line in rules.lines.values() for machine in line.machines.values()]
    sensors = [sensor for machine in machines for sensor in machine.sensors.values()]
    limits = sum(len(sensor.limits) + (sensor.rate is not None) for sensor in sensors)
    charts = sum(sensor.control_chart is not None for sensor in sensors)
    said = len(rules.alarms) + len(rules.kinds) + len(rules.ideal_cycle_s)
    return ", ".join((
        *([f"{number(said, 'rule')} for the site"] if said else ()),
        number(len(rules.lines), "line"), number(len(machines), "machine"),
        number(len(sensors), "sensor"), number(limits, "limit"),
        f"{number(charts, 'control chart')}.",
    ))  # fmt: skip


WORDING = Wording(
    LINE,
    "Limits, delays and priorities of lines, machines and sensors: check, apply, show or clear them.",
    "deploy/line.yaml",
    summary,
    "No line rules are in force: limits are found from what sensors do, and nothing else is watched.",
    "Limits that were set are gone, and their alarms end.",
)
app = commands_for(WORDING)
