"""The system suite's broker, store and workers.

By default the embedded pair; with ``TAILORLINE_TEST_KAFKA`` and ``TAILORLINE_TEST_REDIS`` set (by
``make test-system``) real Apache Kafka and Redis. ``TAILORLINE_TEST_REQUIRED=1`` makes it a failure
when they are not.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.runtime.embedded import EmbeddedBroker
from streams.store.embedded import EmbeddedValkey
from tests.system.installation import Installation, fresh_topics

KAFKA = os.environ.get("TAILORLINE_TEST_KAFKA", "")
REDIS = os.environ.get("TAILORLINE_TEST_REDIS", "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread these over the first half of the others, where several processes share the tests.

    They mostly wait, and the others mostly need a core: so no core is idle. None is left for the
    end, where the other processes would wait for it. Each has servers and workers of its own.
    """
    ours = [item for item in items if "/tests/system/" in str(item.path)]
    if not ours or not hasattr(config, "workerinput"):
        return
    others = [item for item in items if "/tests/system/" not in str(item.path)]
    step = max(len(others) // (2 * len(ours)), 1)
    items.clear()
    for number, own in enumerate(ours):
        items += [own, *others[number * step : (number + 1) * step]]
    items += others[len(ours) * step :]


@pytest.fixture(scope="session", autouse=True)
def _real_servers_where_required() -> None:
    if os.environ.get("TAILORLINE_TEST_REQUIRED") == "1" and not (KAFKA and REDIS):
        pytest.fail("TAILORLINE_TEST_KAFKA and TAILORLINE_TEST_REDIS must be set here.")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A broker and a store with nothing in them, and workers on demand."""
    if KAFKA:
        fresh_topics(KAFKA)
        own = Installation(tmp_path, KAFKA, REDIS, real=True)
        try:
            yield own
        finally:
            own.close()
        return
    with EmbeddedValkey(tmp_path / "valkey") as valkey:
        broker = EmbeddedBroker()
        own = Installation(tmp_path, broker.bootstrap_servers, valkey.url, real=False)
        own.keep_alive(broker)
        del broker
        try:
            yield own
        finally:
            own.close()
