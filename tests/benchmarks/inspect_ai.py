"""The rate of asking a server, beside inspect-ai's on the same requests against the same server, in one run.

``python -m tests.benchmarks.inspect_ai PYTHON [COUNT] [CONNECTIONS]``, where PYTHON is that of an environment which has
inspect-ai and openai: they are no dependency of this project. Prints requests a second by the clock and by CPU time.
"""

from __future__ import annotations

import subprocess
import sys
import time

from perturb.engines.connect import connect
from perturb.engines.settings import Settings
from tests.benchmarks.servers import timed
from tests.benchmarks.stub import running

# What the other side runs, in its own environment: its model interface, with the same number of connections.
THEIRS = """
import asyncio, json, os, sys, time
os.environ["INSPECT_LOG_LEVEL"] = "error"
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
url, count, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
config = GenerateConfig(max_connections=connections, temperature=1.0, top_p=0.95, max_tokens=32768)
model = get_model("openai-api/stub/stub", base_url=url, api_key="none", config=config)
system = ChatMessageSystem(content="Work with care. " * 250)

async def ask(left, number):
    got = await model.generate([system, ChatMessageUser(content=f"n {number}")])
    assert got.completion == "Fine.", got

async def everything(count):
    await asyncio.gather(*(ask(None, number) for number in range(count)))

async def main():
    await everything(200)
    cpu, start = time.process_time(), time.perf_counter()
    await everything(count)
    print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))

asyncio.run(main())
"""


def main(python: str, count: int, connections: int) -> None:
    """By turns, twice each, because a machine that others use is not the same from one minute to the next."""
    with running() as url:
        servers = connect([url], settings=Settings(concurrency=connections))
        timed(servers, 200)
        for _ in range(2):
            command = [python, "-c", THEIRS, url, str(count), str(connections)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            theirs, their_cpu = (float(number) for number in done.stdout.splitlines()[-1].strip("[]").split(","))
            cpu = time.process_time()
            ours = timed(servers, count)
            cpu = time.process_time() - cpu
            print(
                f"{count} requests, {connections} connections: inspect-ai {count / theirs:.0f} a second "
                f"({count / their_cpu:.0f} by CPU time), perturb {count / ours:.0f} ({count / cpu:.0f}): "
                f"{theirs / ours:.1f} × by the clock, {their_cpu / cpu:.1f} × by CPU time"
            )


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0], int(given[1]) if len(given) > 1 else 2_000, int(given[2]) if len(given) > 2 else 64)
