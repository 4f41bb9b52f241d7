"""What a worker process is besides its shards."""

from streams.runtime.app import Worker
from streams.settings import Settings
from streams.store.memory import MemoryStore


def test_a_worker_makes_no_directories(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    worker = Worker(Settings(_env_file=None), lambda _: MemoryStore())
    worker.app._create_directories()
    assert list(tmp_path.iterdir()) == []
    assert worker._unready() == "starting"
