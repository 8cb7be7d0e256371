"""Two replicas of the small checkpoint as Ray actors: every request is answered once, also when one is killed."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from perturb.core.errors import UserError
from perturb.core.registry import load_builtin
from perturb.core.values import Request, Response
from perturb.engines.base import Sampling
from perturb.engines.ray_replicas import Load, RayReplicas
from perturb.formats.m2.checkpoint import build

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
    # Ray leaves sockets and deprecations of its own behind.
    pytest.mark.filterwarnings("ignore"),
]
load_builtin()


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayReplicas]:
    import ray

    folder: Path = tmp_path_factory.mktemp("model") / "tiny-m2"
    build(folder)
    if int(ray._private.utils.get_num_cpus()) < 2:
        pytest.skip("two replicas need two cores")
    load = Load(str(folder), Sampling(max_tokens=48), arguments={"max_model_len": 1024, "max_num_seqs": 16})
    yield RayReplicas.start("local", 2, load)
    ray.shutdown()


def test_every_request_is_answered_once_though_a_replica_is_killed(replicas: RayReplicas) -> None:
    import ray

    waiting = iter([(n, Request(({"role": "user", "content": f"question {n}"},))) for n in range(160)])
    first, second = (ray.get(one.actor.about.remote())[2] for one in replicas._replicas)
    assert first != second
    seen: Counter[int] = Counter()
    for key, got in replicas.stream(lambda: next(waiting, None)):
        assert isinstance(got, Response), got
        seen[key] += 1
        if seen.total() == 20:
            os.kill(first, signal.SIGKILL)
    assert seen == Counter(range(160))


def test_a_stream_left_early_gives_nothing_to_the_next(replicas: RayReplicas) -> None:
    for name in ("early", "late"):
        waiting = iter([((name, n), Request(({"role": "user", "content": f"{name} {n}"},))) for n in range(12)])
        stream = replicas.stream(lambda waiting=waiting: next(waiting, None))
        keys = [next(stream)[0]] if name == "early" else [key for key, _ in stream]
        stream.close()  # type: ignore[attr-defined]  # a generator
    assert sorted(keys) == [("late", n) for n in range(12)]


def test_what_cannot_be_started_is_one_line() -> None:
    with pytest.raises(UserError, match="no such model folder"):
        RayReplicas.start("local", 2, Load("./missing", Sampling()))
    with pytest.raises(UserError, match="at least 1"):
        RayReplicas.start("local", 0, Load("./missing", Sampling()))
