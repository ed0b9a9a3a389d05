"""The entries of `tests.distributed.programs`, which imports TensorFlow."""

from testbed.launcher.entry import Entry
from testbed.orders.case import CaseOrders
from testbed.orders.devices import DeviceOrders

MODULE = "tests.distributed.programs"
TWO_REPLICAS_ON_ONE_CPU = Entry(f"{MODULE}:two_replicas_on_one_cpu", DeviceOrders)
ONE_REPLICA_FOR_TWO = Entry(f"{MODULE}:one_replica_for_two", DeviceOrders)
ADD_UP_AND_WEIGH = Entry(f"{MODULE}:add_up_and_weigh", CaseOrders)
