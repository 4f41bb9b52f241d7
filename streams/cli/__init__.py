"""The command ``tailorline``: one module a sub-command.

numpy is told to use one thread before anybody imports it: a shard's matrices are so small that several take
ten times as long, from the event loop's time, and round otherwise.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
