"""The smallest case that needs its whole cluster: one all-reduce."""

import tensorflow as tf

from testbed import Bed, scenario


@scenario(sites=("in_scope",), modes=("eager",))
def once(bed: Bed) -> None:
    """The sum of one from every replica is the number of replicas."""

    def add() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0))

    bed.claim(bed.run(add), value=float(bed.case.replicas))
