"""The marks of dead letters on the embedded Valkey: who may send what, and for how long."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from streams.dlq.marks import CLAIM_S, Claim, Mark
from streams.settings import StoreSettings
from streams.store.dlq_marks import RedisMarks
from streams.store.redis import RedisStore


@pytest.fixture
async def marks(valkey) -> AsyncIterator[RedisMarks]:
    prefix = f"t{uuid.uuid4().hex[:12]}"
    store = RedisStore(StoreSettings(url=SecretStr(valkey.url), prefix=prefix, retry_s=2.0))
    yield RedisMarks(store.client, prefix, 2.0)
    await store.close()


async def ttl(marks: RedisMarks, name: str) -> int:
    return int(await marks._client.ttl(marks._key(name)))


async def test_one_of_many_has_the_claim(marks):
    claims = await asyncio.gather(*(marks.claim(["x"], f"t{n}", again=n % 2) for n in range(20)))
    statuses = [claim.status for (claim,) in claims]
    assert sorted(statuses) == ["claimed"] * 19 + ["yours"]
    assert {claim.left_s for (claim,) in claims} <= {0, CLAIM_S - 1, CLAIM_S}


async def test_a_claim_that_is_tried_anew_is_still_ours(marks):
    for _ in range(2):
        assert await marks.claim(["x"], "me", again=False) == [Claim("yours")]


async def test_answers_are_in_the_order_of_the_question(marks):
    await marks.claim(["b"], "other", again=False)
    await marks.discard(["d"], "no use", 100)
    answers = await marks.claim(["a", "b", "c", "d"], "me", again=False)
    assert [answer.status for answer in answers] == ["yours", "claimed", "yours", "discarded"]
    found = await marks.read(["d", "a", "nobody"])
    assert (str(found[0]), found[0].because, str(found[1])) == (
        "discarded",
        "no use",
        "being replayed",
    )
    assert found[2] == Mark()
    assert await marks.read([]) == []
    assert await marks.claim([], "me", again=False) == []


async def test_confirmed_is_replayed_and_only_again_may_claim_it(marks):
    await marks.claim(["x"], "me", again=False)
    assert await marks.confirm([("x", 1)], "me", 1000) == [True]
    assert await marks.confirm([("x", 1)], "me", 1000) == [True], "the answer got lost"
    (mark,) = await marks.read(["x"])
    assert (mark.state, mark.replays, mark.claimed_for_s) == ("replayed", 1, 0)
    assert 990 < await ttl(marks, "x") <= 1000
    assert await marks.claim(["x"], "you", again=False) == [Claim("replayed", 1)]
    assert await marks.discard(["x"], "why", 10) == [Claim("replayed", 1)]
    assert await marks.claim(["x"], "you", again=True) == [Claim("yours", 1)]
    assert await ttl(marks, "x") > CLAIM_S, "a claim does not shorten the life of a mark"
    assert (await marks.claim(["x"], "third", again=True))[0].status == "claimed"


async def test_a_claim_given_back_leaves_nothing(marks):
    await marks.claim(["x"], "me", again=False)
    await marks.release(["x"], "other")
    assert (await marks.claim(["x"], "other", again=False))[0].status == "claimed"
    await marks.release(["x"], "me")
    assert await ttl(marks, "x") == -2
    assert await marks.claim(["x"], "other", again=False) == [Claim("yours")]


async def test_a_void_claim_is_free_and_who_comes_late_is_told(marks, monkeypatch):
    monkeypatch.setattr("streams.store.dlq_marks.CLAIM_S", 1)
    await marks.discard(["x"], "so that the key outlives the claim", 1000)
    await marks.claim(["x"], "slow", again=True)
    assert (await marks.claim(["x"], "quick", again=True))[0].status == "claimed"
    async with asyncio.timeout(20):
        monkeypatch.setattr("streams.store.dlq_marks.CLAIM_S", 100)
        # The server's clock is waited for, and it tells nobody.
        while (await marks.claim(["x"], "quick", again=True))[0].status != "yours":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await marks.confirm([("x", 1)], "slow", 1000) == [False]
    assert (await marks.claim(["x"], "third", again=True))[0].status == "claimed", "still quick's"
    assert await marks.confirm([("x", 2)], "quick", 1000) == [True]
    (mark,) = await marks.read(["x"])
    assert (mark.state, mark.replays, mark.because) == ("replayed", 2, "")


async def test_a_restarted_server_has_no_scripts_and_that_is_no_trouble(marks):
    await marks.claim(["x"], "me", again=False)
    await marks._client.script_flush()
    assert (await marks.claim(["x"], "you", again=False))[0].status == "claimed"


async def test_a_mark_is_small(marks):
    await marks.claim(["a" * 36], "f" * 16, again=False)
    await marks.confirm([("a" * 36, 1)], "f" * 16, 1000)
    await marks.discard(["b" * 36], "x" * 200, 1000)
    sizes = [await marks._client.memory_usage(marks._key(c * 36)) for c in "ab"]
    assert sizes[0] < 250
    assert sizes[1] < 700
