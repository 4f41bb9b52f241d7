"""From a path and a format to records: single files, folders of files, and the demo's data sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol, get_args

from schemas.topics import INPUTS
from streams.replay import csv_mapping, jsonl, nab, online_retail, sessions, skab
from streams.replay.mapping import load_mapping
from streams.replay.pacing import merge
from streams.replay.reading import Meter
from streams.replay.records import BadRow, Record, SourceError

Format = Literal["jsonl", "online_retail", "sessions", "skab", "nab", "csv"]
Records = Iterator[Record | BadRow]

SUFFIXES: dict[Format, tuple[str, ...]] = {
    "jsonl": (".jsonl", ".ndjson"),
    "online_retail": (".csv",),
    "sessions": (".tsv",),
    "skab": (".csv",),
    "nab": (".csv",),
    "csv": (".csv",),
}
TOPICS: dict[Format, str] = {
    "online_retail": "orders",
    "sessions": "clickstream",
    "skab": "sensors",
    "nab": "sensors",
}
_INPUTS = tuple(topic.name for topic in INPUTS)


class _Reader(Protocol):
    def __call__(self, path: Path, *, name: str, meter: Meter | None = None) -> Records: ...


_READERS: dict[Format, _Reader] = {
    "online_retail": online_retail.read,
    "sessions": sessions.read,
    "skab": skab.read,
    "nab": nab.read,
}


class DataSet(Protocol):
    """A data set that can be read, from its beginning each time."""

    def __call__(self, meter: Meter | None = None) -> Records:
        """Return the records of the set, ordered by time."""


def open_source(
    path: Path,
    source_format: Format,
    topic: str | None = None,
    mapping: Path | None = None,
    meter: Meter | None = None,
) -> Records:
    """Return the records of a file, or of a folder's files merged by event time.

    ``topic`` is for JSON Lines whose file is not named after their topic, ``mapping`` the mapping
    file of ``csv``. Raises `SourceError` if the source cannot be read as this format.
    """
    files = files_of(path, source_format)
    if source_format == "csv" and mapping is None:
        raise SourceError("format csv needs a mapping file (--mapping FILE)")
    if source_format != "csv" and mapping is not None:
        raise SourceError("a mapping file is for format csv")
    loaded = load_mapping(mapping) if mapping else None
    fixed = loaded.topic if loaded else TOPICS.get(source_format)
    if topic and topic not in _INPUTS:
        raise SourceError(f"topic {topic!r} is none of {', '.join(_INPUTS)}")
    if topic and fixed and topic != fixed:
        raise SourceError(f"{source_format} here holds events of {fixed}, not of {topic}")
    if loaded is not None:
        streams = [
            csv_mapping.read(file, name=name, mapping=loaded, meter=meter) for name, file in files
        ]
    elif source_format == "jsonl":
        streams = [
            jsonl.read(file, topic=topic or _topic_of(file), meter=meter) for _, file in files
        ]
    else:
        streams = [_READERS[source_format](file, name=name, meter=meter) for name, file in files]
    return streams[0] if len(streams) == 1 else merge(*streams)


def files_of(path: Path, source_format: Format) -> list[tuple[str, Path]]:
    """Return the files of a source, each with the name that tells it apart in event ids.

    In a folder they are found by the suffix of the format, packed or not, at any depth.
    """
    if source_format not in get_args(Format):
        known = ", ".join(get_args(Format))
        raise SourceError(f"format {source_format!r} is none of {known}")
    if not path.exists():
        raise SourceError(f"{path}: no such file or folder")
    if not path.is_dir():
        return [(skab.machine_of(path) if source_format == "skab" else _stem(path), path)]
    endings = tuple(end for suffix in SUFFIXES[source_format] for end in (suffix, f"{suffix}.gz"))
    files = sorted(file for file in path.rglob("*") if file.is_file() and _ends(file, endings))
    if not files:
        raise SourceError(f"{path}: no files that end in {', '.join(endings)}")
    if source_format == "skab":
        return [(skab.machine_of(file), file) for file in files]
    return [("-".join((*f.relative_to(path).parts[:-1], _stem(f))), f) for f in files]


def count_hint(path: Path, source_format: Format) -> int:
    """Return the bytes on disk of a source: with `Meter.bytes_read`, how far a replay is."""
    return sum(file.stat().st_size for _, file in files_of(path, source_format))


def find_sets(data_dir: Path) -> dict[str, DataSet]:
    """Return the public data sets found below a folder, ready to be read.

    Raises `SourceError` that names what was looked for if there is none.
    """
    retail = _file(data_dir / "online_retail" / "online_retail.csv")
    clicks = [_file(data_dir / "serenade_example" / f"{part}.tsv") for part in ("train", "test")]
    water = data_dir / "skab"
    found: dict[str, DataSet] = {}
    if retail:
        found["online_retail"] = _data_set([retail], "online_retail")
    if all(clicks):
        found["serenade_example"] = _data_set([file for file in clicks if file], "sessions")
    if water.is_dir() and any(water.rglob("*.csv*")):
        found["skab"] = _data_set([water], "skab")
    if not found:
        raise SourceError(
            f"{data_dir}: no data set found; looked for online_retail/online_retail.csv[.gz], "
            "serenade_example/{train,test}.tsv[.gz] and skab/**/*.csv[.gz]"
        )
    return found


def _data_set(paths: list[Path], source_format: Format) -> DataSet:
    def records(meter: Meter | None = None) -> Records:
        return merge(*(open_source(path, source_format, meter=meter) for path in paths))

    return records


def _topic_of(file: Path) -> str:
    stem = _stem(file)
    if stem not in _INPUTS:
        names = ", ".join(_INPUTS)
        raise SourceError(f"{file}: which topic? Pass --topic, or name the file after it: {names}")
    return stem


def _file(path: Path) -> Path | None:
    for candidate in (path, path.with_name(f"{path.name}.gz")):
        if candidate.is_file():
            return candidate
    return None


def _ends(file: Path, endings: tuple[str, ...]) -> bool:
    return file.name.endswith(endings) and not file.name.startswith(".")


def _stem(file: Path) -> str:
    return Path(file.name.removesuffix(".gz")).stem
