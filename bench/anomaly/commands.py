"""``tailorline bench anomaly``: a command for each benchmark."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from bench.command import DataDir, Json, quality

app = typer.Typer(
    help="Alarms on recorded sensors: public benchmarks with their own scoring.",
    no_args_is_help=True,
)

Later = Annotated[
    bool,
    typer.Option(
        "--later", help="Also run with files that begin up to 60 rows later; print the mean."
    ),
]


@app.command()
def nab(folder: DataDir, json: Json = None) -> None:
    """Single series with labelled windows: FOLDER has the layout of numenta/NAB, any of its files.

    The limit is fixed beforehand; the leaderboard's limits are fitted to the labels.
    """
    from bench.anomaly import ours  # noqa: PLC0415
    from bench.anomaly.nab.run import bench_nab, show  # noqa: PLC0415

    quality(partial(bench_nab, detect=ours.detect_nab), show, folder, json)


@app.command()
def skab(folder: DataDir, json: Json = None, later: Later = False) -> None:
    """A pump with eight sensors: FOLDER has the layout of waico/SKAB, any of its files."""
    from bench.anomaly import ours  # noqa: PLC0415
    from bench.anomaly.skab.run import bench_skab, show  # noqa: PLC0415

    quality(partial(bench_skab, watch=ours.watch_skab, later=later), show, folder, json)


@app.command()
def tep(folder: DataDir, json: Json = None) -> None:
    """The Tennessee Eastman process: FOLDER holds d00.npz, d00_te.npz and dNN_te.npz, key x."""
    from bench.anomaly import ours  # noqa: PLC0415
    from bench.anomaly.tep.run import bench_tep, show  # noqa: PLC0415

    quality(partial(bench_tep, watch=ours.watch_tep), show, folder, json)
