"""Every fault once, on Apache Kafka and Redis: nothing lost, nothing doubled, nothing changed.

The long form, with twenty kills in one run, is `tailorline bench faults`.
"""

import os
import time
from collections.abc import Iterator

import pytest

from bench.faults.catalogue import BY_NAME, FAULTS
from bench.faults.outcome import Outcome
from bench.faults.run import Plan, run_fault
from bench.faults.site import FaultSite

REAL = bool(os.environ.get("TAILORLINE_TEST_KAFKA"))
pytestmark = [
    pytest.mark.skipif(not REAL, reason="takes minutes: runs with make test-system"),
    pytest.mark.timeout(420),  # waits of their own say better what was waited for
]
NAMES = [fault.name for fault in FAULTS if fault.name != "calm"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultSite]:
    """Servers of our own: they are killed, and other tests need theirs."""
    with FaultSite(tmp_path_factory.mktemp("faults"), real=True) as own:
        yield own


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(events=4_000, rate=1_000.0, seed=5, began=time.time() - 3600)


@pytest.fixture(scope="module")
def calm(site: FaultSite, plan: Plan) -> Outcome:
    """The same load without a fault: what the others are held against."""
    ran = run_fault(BY_NAME["calm"], site, plan, None)
    assert ran.verdict.wrong == []
    assert ran.outcome is not None
    assert ran.outcome.tally()["offers:sent"] > 20
    assert ran.outcome.tally()["clickstream:duplicate"] > 50
    return ran.outcome


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_doubled_or_changed(name: str, site: FaultSite, plan: Plan, calm: Outcome):
    ran = run_fault(BY_NAME[name], site, plan, calm)
    assert ran.verdict.wrong == []
    assert ran.verdict.lost == 0
