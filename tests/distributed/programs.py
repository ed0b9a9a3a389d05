"""What workers of these tests do: each is an entry that the launcher starts by name."""

from pathlib import Path

import tensorflow as tf

from testbed.cluster.cluster import Cluster
from testbed.cluster.strategies import Deployment
from testbed.launcher.machine.memory import memory_of_process
from testbed.launcher.run_folder import write_json
from testbed.launcher.server.channel import Channel
from testbed.orders.case import CaseOrders
from testbed.orders.devices import DeviceOrders
from testbed.worker.bed import WorkerBed
from testbed.worker.main import prepare, run_scenario
from testbed.worker.strategy import require_replicas
from tests.distributed.entries import (
    ADD_UP_AND_WEIGH,
    ONE_REPLICA_FOR_TWO,
    TWO_REPLICAS_ON_ONE_CPU,
)

MIRRORED_2 = Deployment("mirrored", Cluster(1, 2))


@TWO_REPLICAS_ON_ONE_CPU.implementation
def two_replicas_on_one_cpu(orders: DeviceOrders, channel: Channel) -> None:
    """MirroredStrategy accepts a second CPU that does not exist."""
    require_replicas(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), MIRRORED_2)


@ONE_REPLICA_FOR_TWO.implementation
def one_replica_for_two(orders: DeviceOrders, channel: Channel) -> None:
    require_replicas(tf.distribute.MirroredStrategy(["CPU:0"]), MIRRORED_2)


@ADD_UP_AND_WEIGH.implementation
def add_up_and_weigh(orders: CaseOrders, channel: Channel) -> None:
    """Run the scenario, and report this process's memory while its peers are still there."""
    bed = prepare(orders.setup, channel, WorkerBed)
    run_scenario(orders, bed, channel)
    write_json(Path(orders.setup.place.report), memory_of_process()["proportional"])
    channel.reported(good=True)
    channel.wait_for_leave()
