"""Tiny made-up files in the layouts of the benchmarks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

BEGIN = 1_400_000_000
HEAD = (
    "datetime;Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;"
    "Voltage;Volume Flow RateRMS;anomaly;changepoint"
)


def clock(row: int, step: int) -> str:
    return datetime.fromtimestamp(BEGIN + step * row, UTC).strftime("%Y-%m-%d %H:%M:%S")


def series(folder: Path, name: str, values: list[str]) -> Path:
    path = folder / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{clock(row, 300)},{value}" for row, value in enumerate(values)]
    path.write_text("\n".join(["timestamp,value", *lines]) + "\n")
    return path


def machine(path: Path, labels: list[str], *, step: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{clock(row, step)};{row};1;2;3;4;5;6;7;{mark};0.0" for row, mark in enumerate(labels)
    ]
    path.write_text("\n".join([HEAD, *lines]) + "\n")
