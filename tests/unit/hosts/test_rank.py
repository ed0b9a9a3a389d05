"""Which worker of how many a process is, by what its environment says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from testbed.cluster.cluster import Task
from testbed.engines.slurm.scheduler import Answer
from testbed.errors import UsageError
from testbed.hosts.rank import RankInputs, join_address, rank_of, split_address
from tests.unit.engines.played_slurm import PlayedSlurm

WORKERS = ["h1:1001", "h2:1002"]


def tf_config(cluster: Any, task: Any, **more: Any) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task, **more})}


def of(kind: str, index: object) -> dict[str, object]:
    return {"type": kind, "index": index}


def refused(environment: Mapping[str, str], around: RankInputs | None = None) -> str:
    with pytest.raises(UsageError) as problem:
        rank_of(environment, around or RankInputs())
    told = str(problem.value)
    assert "\n" not in told
    return told


def test_tf_config_of_workers() -> None:
    """A TF_CONFIG of workers gives the index, all addresses, and this worker's own host."""
    rank = rank_of(tf_config({"worker": WORKERS}, of("worker", 1)), RankInputs())
    assert (rank.number, rank.size, rank.taken_from) == (1, 2, "TF_CONFIG")
    assert (rank.host, rank.addresses, rank.hosts) == ("h2", tuple(WORKERS), ("h1", "h2"))
    assert rank.cluster == ["2 workers", *WORKERS]
    assert rank.tasks == (Task("worker", 0), Task("worker", 1))
    assert str(rank) == "worker 1 of 2 at h2, says TF_CONFIG"


@pytest.mark.parametrize("first", ["chief", "master"])
def test_the_chief_is_counted_first(first: str) -> None:
    """Whatever the order in the text, a chief or master is worker 0, as TensorFlow counts it."""
    cluster = {"worker": WORKERS, first: ["h0:1000"]}
    numbers = [
        rank_of(tf_config(cluster, task), RankInputs()).number
        for task in (of(first, 0), of("worker", 0), of("worker", 1))
    ]
    assert numbers == [0, 1, 2]
    rank = rank_of(tf_config(cluster, of("worker", 0)), RankInputs())
    assert rank.addresses == ("h0:1000", *WORKERS)
    assert rank.tasks[0] == Task(first, 0)


def test_what_else_a_tf_config_holds_is_somebody_else_s() -> None:
    """Keys that Kubeflow and Vertex AI add change nothing."""
    bare = rank_of(tf_config({"worker": WORKERS}, of("worker", 0)), RankInputs())
    more = {"environment": "cloud", "job": {"x": 1}, "rpc_layer": "grpc"}
    full = tf_config({"worker": WORKERS}, {**of("worker", 0), "trial": "3"}, **more)
    assert rank_of(full, RankInputs()) == bare


def test_an_index_as_text_is_one() -> None:
    """Kubeflow has written the index as a text."""
    rank = rank_of(tf_config({"worker": WORKERS}, of("worker", "1")), RankInputs())
    assert rank.number == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        '{"cluster": []}',
        '{"cluster": {"worker": 3}, "task": {}}',
        '{"cluster": {"worker": ["h:1"]}, "task": [1]}',
        '{"task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_tf_config_of_another_shape_is_refused(text: str) -> None:
    """What is no JSON, or no cluster, is answered by what it should be like."""
    assert refused({"TF_CONFIG": text}).startswith('TF_CONFIG is not like {"cluster": {"worker": [')


@pytest.mark.parametrize(
    "task",
    [
        None,
        {},
        {"type": "worker"},
        {"index": 0},
        of("worker", "first"),
        of("worker", None),
        of("worker", 0.5),
        of("worker", [0]),
    ],
)
def test_a_tf_config_without_a_task_is_refused(task: object) -> None:
    """Without a type and a whole number nothing says which worker this is."""
    told = refused(tf_config({"worker": WORKERS}, task))
    assert told == 'TF_CONFIG lacks "task": {"type": "worker", "index": 0}'


@pytest.mark.parametrize("other", ["ps", "evaluator", "Worker"])
def test_other_tasks_are_refused(other: str) -> None:
    """A cluster with tasks that take no step with the others is refused by their type."""
    told = refused(tf_config({"worker": WORKERS, other: ["h3:1"]}, of("worker", 0)))
    assert told == f"TF_CONFIG has tasks of the type '{other}'; here are chief, master, worker"


@pytest.mark.parametrize(
    "task", [of("worker", 2), of("worker", -1), of("chief", 0), of("evaluator", 0)]
)
def test_a_task_outside_the_cluster_is_refused(task: dict[str, object]) -> None:
    """A task that the cluster does not have is told beside those that it has."""
    told = refused(tf_config({"worker": WORKERS}, task))
    named = f"{task['type']} {task['index']}"
    assert told == f"TF_CONFIG names the task {named}, its cluster has worker 0, worker 1"


def test_a_cluster_of_nobody_is_refused() -> None:
    """A cluster without tasks is refused as that."""
    told = refused(tf_config({}, of("worker", 0)))
    assert told == "TF_CONFIG names the task worker 0, its cluster has none"


@pytest.mark.parametrize(
    "address", ["h2", "h2:", ":1002", "h2:http", "", 7, "h2:0", "h2:65536", "h2:99999999999"]
)
def test_an_address_that_nobody_can_bind_is_refused(address: object) -> None:
    """An address needs a host, and a port that there is."""
    told = refused(tf_config({"worker": ["h1:1001", address]}, of("worker", 0)))
    assert told == f"TF_CONFIG has the address '{address}': host:port is what stands there"


def test_ipv6_addresses() -> None:
    """An IPv6 host is known without the brackets that stand in an address."""
    addresses = ["[2001:db8::1]:1001", "[::1]:1002"]
    rank = rank_of(tf_config({"worker": addresses}, of("worker", 1)), RankInputs())
    assert (rank.host, rank.hosts) == ("::1", ("2001:db8::1", "::1"))


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [("h1:80", "h1", 80), ("10.0.0.1:8080", "10.0.0.1", 8080), ("[fe80::1]:5", "fe80::1", 5)],
)
def test_addresses_come_apart_and_together(address: str, host: str, port: int) -> None:
    """What an address is split into makes the same address again."""
    assert split_address(address) == (host, port)
    assert join_address(host, port) == address


NODES = "rack[1-2]n[1-2]"
SLURM = {
    "SLURM_PROCID": "3",
    "SLURM_NTASKS": "9",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_NODELIST": NODES,
    "SLURMD_NODENAME": "rack2n2",
}


def slurm_around() -> RankInputs:
    names = ["rack1n1", "rack1n2", "rack2n1", "rack2n2"]
    told = "".join(
        f"NodeName={name} Arch=x86_64 NodeAddr=10.0.0.{number} State=IDLE\n"
        # Slurm tells nodes in its own order, and the list in another.
        for number, name in reversed(list(enumerate(names)))
    )
    played = PlayedSlurm(
        "",
        others={
            f"scontrol show hostnames {NODES}": Answer(0, "\n".join(names)),
            f"scontrol --oneliner show node {NODES}": Answer(0, told),
        },
    )
    return RankInputs(slurm_nodes=played.scheduler.addresses)


def test_slurm_tells_number_size_and_nodes() -> None:
    """A task of a step is what its variables say, and its hosts are those that Slurm names."""
    rank = rank_of(SLURM, slurm_around())
    assert (rank.number, rank.size, rank.taken_from) == (3, 4, "SLURM_PROCID")
    assert rank.hosts == ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3")
    assert (rank.host, rank.addresses) == ("10.0.0.3", ())


def test_an_older_slurm_tells_the_size_otherwise() -> None:
    """Where the step does not say how many tasks it has, the job does."""
    environment = {name: text for name, text in SLURM.items() if name != "SLURM_STEP_NUM_TASKS"}
    assert rank_of(environment, slurm_around()).size == 9


def test_the_script_of_a_slurm_job_is_no_task() -> None:
    """A batch script has SLURM_PROCID, too, and is told to start tasks, or is of TF_CONFIG."""
    script = {name: text for name, text in SLURM.items() if name != "SLURM_STEP_NODELIST"}
    assert "start it by an engine that sets one (srun, " in refused(script, slurm_around())
    both = {**script, **tf_config({"worker": WORKERS}, of("worker", 0))}
    assert rank_of(both, slurm_around()).not_asked == ()


def test_a_node_outside_the_list_is_refused() -> None:
    """A task on a node that its own list lacks belongs to another step."""
    told = refused({**SLURM, "SLURMD_NODENAME": "rack3n1"}, slurm_around())
    assert told == f"Slurm runs this on rack3n1, which its host list does not have: {NODES}"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"SLURM_PROCID": "-1"}, "SLURM_PROCID is '-1', which is no number"),
        ({"SLURM_STEP_NUM_TASKS": ""}, "SLURM_STEP_NUM_TASKS is '', which is no number"),
        ({"SLURM_PROCID": "²"}, "SLURM_PROCID is '²', which is no number"),
    ],
)
def test_numbers_of_slurm_are_numbers(changed: dict[str, str], told: str) -> None:
    """What is no number is refused with the variable's name."""
    assert refused({**SLURM, **changed}, slurm_around()) == told


def test_slurm_without_a_size_is_refused() -> None:
    """A number without a size is half of what is needed."""
    environment = {name: text for name, text in SLURM.items() if "TASKS" not in name}
    told = refused(environment, slurm_around())
    assert told == "SLURM_STEP_NUM_TASKS is not set, though the variables beside it are"


MPI = {
    "OMPI_COMM_WORLD_RANK": "1",
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
}


def test_open_mpi_names_no_hosts() -> None:
    """On several hosts, Open MPI says who this is, and the hosts show when all meet."""
    rank = rank_of(MPI, RankInputs())
    assert (rank.number, rank.size, rank.host, rank.hosts) == (1, 4, "", ())
    assert str(rank) == "worker 1 of 4, says OMPI_COMM_WORLD_RANK"


def test_open_mpi_on_one_host_stays_on_loopback() -> None:
    """Where all of Open MPI's processes are on one host, nobody else can reach them."""
    rank = rank_of({**MPI, "OMPI_COMM_WORLD_LOCAL_SIZE": "4"}, RankInputs())
    assert rank.host == "127.0.0.1"


def test_open_mpi_without_a_size_is_refused() -> None:
    """A rank alone does not say how many there are."""
    assert refused({"OMPI_COMM_WORLD_RANK": "1"}).startswith("OMPI_COMM_WORLD_SIZE is not set")


POD = "train-1.workers.lab.svc.cluster.local"


def pod(workers: int | None, name: str = POD) -> RankInputs:
    return RankInputs(workers=workers, fqdn=lambda: name)


def test_an_indexed_job_names_its_pods() -> None:
    """Of an Indexed Job with a service, every pod's name follows from this one's."""
    rank = rank_of({"JOB_COMPLETION_INDEX": "1"}, pod(3))
    domain = "workers.lab.svc.cluster.local"
    assert rank.hosts == tuple(f"train-{number}.{domain}" for number in range(3))
    assert (rank.number, rank.size, rank.host, rank.addresses) == (1, 3, POD, ())


def test_an_indexed_job_without_a_number_of_workers() -> None:
    """A pod does not know how many there are, so that the command has to say it."""
    told = refused({"JOB_COMPLETION_INDEX": "1"}, pod(None))
    assert told.endswith("add --workers W")


@pytest.mark.parametrize("name", ["train-1", "train-1-abcde.workers", "train.workers"])
def test_an_indexed_job_without_a_service(name: str) -> None:
    """A pod whose peers have no names is told what its Job lacks."""
    told = refused({"JOB_COMPLETION_INDEX": "1"}, pod(3, name))
    assert told.startswith(f"this pod is called {name}, and peers find it as JOB-1.SERVICE only")


def test_an_index_beyond_the_workers() -> None:
    """A Job of more pods than the command names is refused."""
    told = refused({"JOB_COMPLETION_INDEX": "1"}, pod(1))
    assert told == "JOB_COMPLETION_INDEX is 1, and --workers 1"


def test_the_order_of_those_who_say_something() -> None:
    """TF_CONFIG comes first, then Slurm, Open MPI and Kubernetes; who is not asked is told."""
    everything = {
        "JOB_COMPLETION_INDEX": "1",
        **MPI,
        **SLURM,
        **tf_config({"worker": WORKERS}, of("worker", 0)),
    }
    order = ["TF_CONFIG", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "JOB_COMPLETION_INDEX"]
    around = RankInputs(3, lambda: POD, slurm_around().slurm_nodes)
    while order:
        rank = rank_of(everything, around)
        assert (rank.taken_from, rank.not_asked) == (order[0], tuple(order[1:]))
        del everything[order.pop(0)]


def test_who_is_not_asked_is_shown() -> None:
    """A process that two engines describe says by which of them it goes."""
    both = {**MPI, "JOB_COMPLETION_INDEX": "1"}
    told = str(rank_of(both, pod(3)))
    assert told == "worker 1 of 4, says OMPI_COMM_WORLD_RANK (JOB_COMPLETION_INDEX not asked)"


def test_the_first_who_says_something_has_to_be_whole() -> None:
    """Half of what one engine says is not made up for by another."""
    told = refused({**MPI, "TF_CONFIG": "{}"})
    assert told.startswith("TF_CONFIG is not like")


def test_nothing_is_set() -> None:
    """Where nobody has started this as a worker, the message names what would say so."""
    told = refused({"HOME": "/root"})
    for name in ("TF_CONFIG", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "JOB_COMPLETION_INDEX"):
        assert name in told
