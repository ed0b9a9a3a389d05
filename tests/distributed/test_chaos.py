"""`testbed chaos` on real clusters: what is noticed, and what recovers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.catalogue.fault import Fault
from testbed.chaos.draw import Wanted, draw
from testbed.chaos.record import ChaosRecord
from testbed.decoding import decoded
from tests.distributed.conftest import Done

PREEMPTED = "preemption.saved_and_restarted"
COUNTED = "lost_worker.all_restarted"
JSON = ("--json", "result.json")

BROKEN = """
@scenario(sites=("in_scope",), modes=("function",), strategies=("multi_worker_mirrored",))
def raises(bed: Bed) -> None:
    \"\"\"It fails by itself.\"\"\"
    raise ValueError("as ever")
"""

FLAKY = """
@scenario(sites=("in_scope",), modes=("function",), strategies=("multi_worker_mirrored",))
def fails_later(bed: Bed) -> None:
    \"\"\"It works once.\"\"\"
    ran = f"{__file__}.{bed.worker}"
    if os.path.exists(ran):
        raise ValueError("the second time")
    open(ran, "w").close()
"""


def outcomes(done: Done) -> list[dict[str, Any]]:
    """What came of each fault of a record, which is valid."""
    decoded(ChaosRecord, done.record)
    found: list[dict[str, Any]] = done.record["cases"][0]["outcomes"]
    return found


def test_preemption_recovers(testbed: Callable[..., Done]) -> None:
    """Workers that save when one of them gets SIGTERM go on after a restart, at a later step."""
    fault = ("--fault", "terminate", "--worker", "1", "--at", "step 3")
    done = testbed("chaos", PREEMPTED, *fault, *JSON)
    assert (done.status, done.errors) == (0, ""), done.output
    (outcome,) = outcomes(done)
    assert (outcome["result"], outcome["restarts"]) == ("recovered", 1)
    assert [each["kind"] for each in outcome["reactions"]] == ["ended", "ended"]
    assert all("exit code 42" in each["told"] for each in outcome["reactions"])
    # Which step is the last one before the restart the workers agree on among themselves.
    assert outcome["resumed"]["at"] in (4, 5, 6)
    assert outcome["resumed"]["of"] == 10
    assert f"after one restart, went on at step {outcome['resumed']['at']} of 10" in done.output
    logs = done.folder / ".testbed/runs" / done.record["run"] / outcome["logs"]
    assert (logs / "worker-1.log").is_file()
    assert (logs / "restart-1" / "worker-1.log").is_file()


def test_the_leader_s_end_is_noticed(command: Callable[..., Done]) -> None:
    """When worker 0 is killed its peer raises soon, and a restart of all recovers."""
    done = command("chaos", COUNTED, "--fault", "kill", "--worker", "0", "--at", "step 3", *JSON)
    assert (done.status, done.errors) == (0, ""), done.output
    (outcome,) = outcomes(done)
    assert outcome["fault"] == {"kind": "kill", "worker": 0, "phase": "step 3", "seconds": 20.0}
    assert 0 <= outcome["noticed"] < 3
    assert outcome["reactions"][1]["told"].startswith("UnavailableError")
    assert outcome["reactions"][1]["where"].startswith("lost_worker.py:")
    assert (outcome["result"], outcome["restarts"]) == ("recovered", 1)
    assert outcome["resumed"] == {"word": "step", "at": 1, "of": 6}


def test_who_never_starts_is_not_noticed(command: Callable[..., Done]) -> None:
    """The peer of a worker that never starts hangs, and without a restart nothing recovers."""
    deadlines = ("--start-timeout", "4", "--timeout", "4", "--restarts", "0")
    done = command("chaos", COUNTED, "--fault", "absent", "--worker", "1", *deadlines, *JSON)
    assert (done.status, done.errors) == (1, "")
    (outcome,) = outcomes(done)
    assert (outcome["result"], outcome["noticed"], outcome["restarts"]) == ("lost", None, 0)
    assert [each["kind"] for each in outcome["reactions"]] == ["hung", "ended"]
    assert "worker 0 has not joined" in outcome["hang"]
    assert "worker 1: never started" in done.output
    assert "1 fault: 0 recovered, 1 not recovered" in done.output


def test_a_seed_does_the_same_again(command: Callable[..., Done]) -> None:
    """The same seed does the same faults to the same workers at the same phases."""
    words = ("chaos", COUNTED, "--seed", "7", "--repeat", "2", "--seconds", "0.5")
    for _ in range(2):
        done = command(*words, *JSON)
        assert (done.status, done.errors) == (0, ""), done.output
        assert "seed 7: --seed 7 draws the same faults\n" in done.output
        phases = done.record["cases"][0]["undisturbed"]["phases"]
        network = done.record["isolated"]
        drawn = [draw(Wanted(seconds=0.5), phases, seed, network=network) for seed in (7, 8)]
        assert [Fault(**each["fault"]) for each in outcomes(done)] == drawn
        assert drawn[0] != drawn[1]


def test_repetitions_tell_flakes(command: Callable[..., Done]) -> None:
    """Where nothing is done, what is told is how often the case failed by itself."""
    done = command("chaos", COUNTED, "--fault", "none", "--repeat", "3", "-v", *JSON)
    assert (done.status, done.errors) == (0, ""), done.output
    assert "failed undisturbed (95 %): 0 of 3 (at most 56 %)" in done.output
    assert [each["result"] for each in outcomes(done)] == ["recovered"] * 3
    own = "not injected, although the scenario declares it: worker 0 is killed at step 3"
    assert done.output.count(own) == 1
    assert "worker 1 : step 6" in done.output


def test_a_flake(command: Callable[..., Done], script: Callable[..., str]) -> None:
    """A case that fails though nothing is done to it is not started again, and is counted."""
    done = command("chaos", script(FLAKY), "--fault", "none", "--repeat", "2", *JSON)
    assert (done.status, done.errors) == (1, ""), done.output
    assert [(each["result"], each["restarts"]) for each in outcomes(done)] == [("lost", 0)] * 2
    assert "repetition 2: undisturbed again" in done.output
    assert "rejected: ValueError: the second time" in done.output
    assert "failed undisturbed (95 %): 2 of 2 (at least 34 %)" in done.output


def test_a_case_that_fails_by_itself(
    command: Callable[..., Done], script: Callable[..., str]
) -> None:
    """Nothing is done to a case that does not come to its end undisturbed."""
    done = command("chaos", script(BROKEN), *JSON)
    assert (done.status, done.errors) == (1, "")
    assert "fails undisturbed, so no fault is injected: rejected: ValueError: as ever" in (
        done.output
    )
    assert outcomes(done) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--worker", "1", "--at", "step 9"],
            "testbed: --at 'step 9': worker 1 never reaches that phase in"
            f" {COUNTED}[in_scope,function]@multi_worker_mirrored-2x1; choose from forked,",
        ),
        (
            ["--fault", "cut", "--isolation", "none"],
            "testbed: --fault cut: no worker can be cut off without a network namespace"
            " (turned off)",
        ),
    ],
)
def test_what_only_the_machine_can_tell(
    command: Callable[..., Done], words: list[str], told: str, tmp_path: Path
) -> None:
    """A phase that never comes, and a fault that cannot be done here, are one line; status 2."""
    done = command("chaos", COUNTED, *words, *JSON)
    assert done.status == 2
    assert done.errors.startswith(told)
    assert done.errors.count("\n") == 1
    assert not (tmp_path / "result.json").exists()
