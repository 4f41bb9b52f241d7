"""What the pages say exists: links, files, tests, settings, topics. Reads files only."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
from pydantic import BaseModel

from models.campaigns.campaign import Campaign
from models.campaigns.checking import MAX_BYTES, MAX_CAMPAIGNS
from models.campaigns.document import TRIGGERS, Limits, OfferRules
from models.offers.candidates import SOURCES
from models.segments import SEGMENTS
from schemas.topics import TOPICS
from streams.documents import OFFERS
from streams.rules_file import parse
from streams.settings import Settings
from streams.topology import describe

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "deploy" / "README.md"])
PATHS = re.compile(r"\b(?:schemas|models|streams|bench|tests)/[\w/]+\.(?:py|lua|jsonl)\b")
TESTS = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
VARIABLES = re.compile(r"\bTAILORLINE_[A-Z0-9_]+")
OF_THE_SUITE = frozenset(
    VARIABLES.findall((ROOT / "tests" / "system" / "conftest.py").read_text("utf-8"))
)
"""What the tests read from the environment; a page for contributors may name it."""

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def links(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """The headings' anchors as the usual renderers make them."""
    headings = re.findall(r"^#+ +(.+?)\s*$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def settings_of(kind: type, prefix: str) -> Iterator[str]:
    """Every setting's name in the environment, with the names of the sections above it."""
    if issubclass(kind, BaseModel):
        fields = {name: info.annotation for name, info in kind.model_fields.items()}
    else:
        hints = get_type_hints(kind)
        fields = {each.name: hints[each.name] for each in dataclasses.fields(kind)}
    for name, own in fields.items():
        yield prefix + name.upper()
        section = isinstance(own, type) and (
            issubclass(own, BaseModel) or dataclasses.is_dataclass(own)
        )
        if section:
            yield from settings_of(own, f"{prefix}{name.upper()}__")


SETTINGS = frozenset(settings_of(Settings, "TAILORLINE_"))


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


@pages
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = Path(os.path.normpath(page.parent / name)) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pages
def test_every_path_of_the_code_exists(page: Path) -> None:
    named = set(PATHS.findall(page.read_text("utf-8")))
    assert not {path for path in named if not (ROOT / path).is_file()}


@pages
def test_every_test_that_is_named_exists(page: Path) -> None:
    for path, name in TESTS.findall(page.read_text("utf-8")):
        code = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^(async )?def {name}\(", code, re.MULTILINE), f"{path}::{name}"


@pages
def test_every_setting_exists(page: Path) -> None:
    named = set(VARIABLES.findall(page.read_text("utf-8")))
    assert not named - SETTINGS - OF_THE_SUITE - {"TAILORLINE_"}


def test_the_checks_have_something_to_check() -> None:
    """A pattern that matches nothing would pass for ever."""
    texts = {page.name: page.read_text("utf-8") for page in PAGES}
    assert len(links(README)) > 10
    assert len(PATHS.findall(texts["ARCHITECTURE.md"])) > 20
    assert len(TESTS.findall(texts["guarantees.md"])) > 15
    assert len(VARIABLES.findall(texts["operating.md"])) > 10
    assert "TAILORLINE_FLOOR__WATCH__SENSOR__SCORER__BASELINE__WARM_UP" in SETTINGS
    assert "TAILORLINE_KAFKA__GRUOP" not in SETTINGS


def test_the_python_in_the_readme_compiles() -> None:
    found = blocks("python")
    assert len(found) >= 2
    for number, block in enumerate(found):
        compile(block, f"README.md, block {number}", "exec")


def test_the_picture_in_the_readme_is_the_topology() -> None:
    (picture,) = blocks("mermaid")
    drawn = {line.strip() for line in picture.splitlines()}
    assert not {line.strip() for line in describe().splitlines()} - drawn
    assert not {topic.name for topic in TOPICS if f"{topic.name}(" not in picture}


def test_every_page_is_in_the_table_of_the_readme() -> None:
    linked = {link.partition("#")[0] for link in links(README)}
    own = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert not own - linked


def test_every_metric_is_in_the_operators_table() -> None:
    from streams.metrics import NAMES

    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    rows = set(
        re.findall(r"`(tailorline_\w+)`", "\n".join(re.findall(r"^\|.*", text, re.MULTILINE)))
    )
    assert rows == NAMES


def test_the_page_about_offer_rules_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "offers.md").read_text("utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert examples
    for example in examples:
        assert isinstance(parse(example.encode(), OFFERS), OfferRules), parse(
            example.encode(), OFFERS
        )
    in_tables = {
        name
        for cell in re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert in_tables == {*Limits.__struct_fields__, *Campaign.__struct_fields__}
    assert not {name for name in (*SEGMENTS, *TRIGGERS, *SOURCES) if f"`{name}`" not in text}
    assert f"{MAX_CAMPAIGNS}\ncampaigns or {MAX_BYTES // 1024} kB" in text
