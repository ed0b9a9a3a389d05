"""Codes of programs that compute otherwise on several replicas than on one."""

from __future__ import annotations

from testbed.check.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "TB901",
        "wrong_value",
        ERROR,
        "the update is as many times as long as there are replicas",
        "the loss is a mean over the batch of one replica, and the gradients of all replicas are"
        " added",
        "divide the loss by the batch of all replicas: tf.nn.compute_average_loss(losses,"
        " global_batch_size=BATCH), or the mean by strategy.num_replicas_in_sync",
        "loss_scale.own_mean",
        fine_if="the longer update is what you want, and the learning rate allows for it",
    ),
    Code(
        "TB902",
        "wrong_value",
        ERROR,
        "the update is one part of what it is on one replica: the loss is divided twice",
        "the loss is divided by the number of replicas, and something else averages or divides,"
        " too: an average of the gradients, or a loss object of Keras, which divides by itself",
        "divide once: drop the division, or add the gradients instead of averaging them",
        "loss_scale.divided_twice",
        fine_if="the shorter update is what you want, and the learning rate allows for it",
    ),
    Code(
        "TB903",
        "wrong_value",
        ERROR,
        "the update differs from that on one replica",
        "each replica sees only a part of the batch; it clips, normalises or averages that part,"
        " and then the parts are added",
        "reduce first (all_reduce the gradients, or the sum and the count of a mean), then clip,"
        " normalise or divide",
        "clipped_gradients.clipped_in_replica",
        fine_if="each replica shall limit or normalise by its own part of the batch",
    ),
    Code(
        "TB904",
        "wrong_value",
        ERROR,
        "a reported number is a multiple or a fraction of what one replica reports",
        "numbers of the replicas are added that should be averaged, or averaged that should be"
        " added; the training itself is right",
        "reduce means by MEAN, and sums or parts of the whole by SUM; in a metric add a total and a"
        " count, and divide in result()",
        "reported_loss.sum_of_means",
        fine_if="the number of all replicas together is what you want to report",
    ),
    Code(
        "TB905",
        "wrong_value",
        ERROR,
        "regularisation counts once for each replica",
        "each replica adds the whole regularisation to its loss, and the gradients of all replicas"
        " are added",
        "divide it: tf.nn.scale_regularization_loss(sum(model.losses))",
        "regularisation.sum_of_losses",
        fine_if="the penalty shall grow with the number of replicas",
    ),
    Code(
        "TB906",
        "wrong_value",
        ERROR,
        "a counter runs as many times as fast as there are replicas",
        "each replica adds to it, and the sums are added; what depends on it, like a schedule, runs"
        " too fast",
        "count outside of strategy.run, or use aggregation=ONLY_FIRST_REPLICA",
        "aggregation.counted_by_sum",
        fine_if="the counter shall count the steps of all replicas together",
    ),
    Code(
        "TB907",
        "wrong_value",
        WARNING,
        "the gradients are a multiple of what they are on one replica, and the optimizer hides it",
        "the loss is not divided by the batch of all replicas, or divided twice; Adam and its kin"
        " make equal updates of longer gradients, while limits, other optimizers and reported"
        " losses do not",
        "divide the loss once by the batch of all replicas: tf.nn.compute_average_loss(losses,"
        " global_batch_size=BATCH), or the mean by strategy.num_replicas_in_sync",
        "loss_scale.own_mean",
        fine_if="the optimizer stays one that hides it, and no limit depends on the gradients",
    ),
)
