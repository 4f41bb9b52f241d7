"""How many threads numpy takes."""

from __future__ import annotations

import os
import subprocess
import sys


def test_numpy_takes_one_thread_unless_somebody_says_otherwise() -> None:
    for said, found in ((None, "1"), ("3", "3")):
        env = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
        if said is not None:
            env["OPENBLAS_NUM_THREADS"] = said
        asked = (
            "import sys, streams.cli, os; assert 'numpy' not in sys.modules; "
            "print(os.environ['OPENBLAS_NUM_THREADS'])"
        )
        run = subprocess.run(
            [sys.executable, "-c", asked], env=env, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == found
