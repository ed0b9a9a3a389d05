"""Errors of a cluster that runs: lost workers, unequal collectives, common files."""

from __future__ import annotations

from testbed.check.known_errors.entry import KERAS, TENSORFLOW, WORKERS, KnownError, Sign

ERRORS = (
    KnownError(
        "worker_is_gone",
        "another worker has ended or does not answer",
        (
            Sign(
                ("UnavailableError", "AbortedError"),
                r"The following tasks (?:are unhealthy|have crashed)|stopped sending heartbeats|"
                r"tasks have crashed|different incarnation|/task:\d+ heartbeat timeout",
            ),
        ),
        "a worker on which this one waits has ended, was killed, or has started again: this error"
        " is a consequence. A worker that ends early because it has less data is a usual cause",
        "look for the first error in the output of the other workers; let all workers take the"
        " same number of steps, and restart all of them together",
        """\
strategy = tf.distribute.MultiWorkerMirroredStrategy()
rank = strategy.cluster_resolver.task_id
for step in range(3 if rank == 0 else 2):
    total = strategy.reduce("SUM", tf.constant(1.0), axis=None)
""",
        """\
strategy = tf.distribute.MultiWorkerMirroredStrategy()
rank = strategy.cluster_resolver.task_id
for step in range(2):
    total = strategy.reduce("SUM", tf.constant(1.0), axis=None)
""",
        strategy=WORKERS,
        is_consequence=True,
        scenario="lost_worker.worker_killed",
        threads=("ray-project/raydp#447", "tensorflow#72686"),
    ),
    KnownError(
        "collective_took_too_long",
        "a collective did not complete within its timeout",
        (Sign(("DeadlineExceededError",), r"Collective|collective"),),
        "not every worker has started the collective within timeout_seconds of the"
        " CommunicationOptions: a worker takes another branch, is slower, or has ended",
        "let all workers run the same collectives; give timeout_seconds room for the slowest"
        " worker's input, checkpoint and first trace",
        """\
options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=2)
strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
if strategy.cluster_resolver.task_id == 0:
    strategy.reduce("SUM", tf.constant(1.0), axis=None)
else:
    threading.Event().wait(20)
""",
        """\
options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=120)
strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
total = strategy.reduce("SUM", tf.constant(1.0), axis=None)
""",
        strategy=WORKERS,
        is_consequence=True,
        scenario="collective.computed_by_chief_with_timeout",
        threads=("tensorflow#37108", "tensorflow#59573"),
    ),
    KnownError(
        "shapes_differ_in_collective",
        "replicas bring values of different shapes to one collective",
        (
            Sign(
                ("InvalidArgumentError",),
                r"Shape mismatch in the collective instance.*?expected shape (?P<one>\[[^\]]*\])"
                r".*?expected shape (?P<other>\[[^\]]*\])",
            ),
        ),
        "one replica's value has the shape {one}, another's {other}: a last batch that is smaller,"
        " or workers that pair different collectives",
        "reduce over the batch before the collective (one number per replica), or take equal"
        " batches by drop_remainder=True; let all workers run the same collectives in one order",
        """\
strategy = tf.distribute.MultiWorkerMirroredStrategy()
rows = strategy.cluster_resolver.task_id + 1
losses = tf.ones([rows])
total = strategy.reduce("SUM", losses, axis=None)
""",
        """\
strategy = tf.distribute.MultiWorkerMirroredStrategy()
rows = strategy.cluster_resolver.task_id + 1
losses = tf.ones([rows])
total = strategy.reduce("SUM", tf.reduce_sum(losses), axis=None)
""",
        strategy=WORKERS,
        scenario="collective.unequal_batches",
        threads=("tensorflow#45594",),
    ),
    KnownError(
        "text_in_collective",
        "replicas reduce texts or truth values",
        (
            Sign(
                ("InvalidArgumentError",),
                r"Value for attr 'T' of (?P<dtype>string|bool) is not in the list of allowed",
                r"tensorflow/python/distribute/",
                alone=True,
            ),
        ),
        "replicas are combined by adding, and values of type {dtype} cannot be added",
        "return numbers from the step (tf.cast of a truth value, an index in the place of a text)"
        " and combine those",
        """\
@tf.function
def all_finite(loss):
    return tf.math.is_finite(loss)

finite = strategy.run(all_finite, args=(tf.constant(1.0),))
good = strategy.reduce("SUM", finite, axis=None)
""",
        """\
@tf.function
def all_finite(loss):
    return tf.cast(tf.math.is_finite(loss), tf.int32)

finite = strategy.run(all_finite, args=(tf.constant(1.0),))
good = strategy.reduce("SUM", finite, axis=None)
""",
    ),
    KnownError(
        "workers_write_one_file",
        "several workers write one file",
        (
            Sign(
                ("BlockingIOError", "OSError"),
                r"unable to lock file|Unable to (?:synchronously )?(?:create|open) file",
                r"h5py/",
                alone=True,
            ),
            Sign(
                ("InvalidArgumentError", "NotFoundError"),
                r"allow_missing_files was set to false and|_temp/part-\d+-of-\d+",
            ),
            Sign(("AlreadyExistsError",), r"cache lockfile already exists"),
        ),
        "each worker saves to the same path, and one removes or locks what another one writes",
        "let the chief (task_id 0) save to the path and the others to a temporary folder of their"
        " own: saving itself may need all workers",
        """\
with strategy.scope():
    module = tf.Module()
    module.table = tf.Variable(tf.random.normal([300, 300]))
folder = os.path.join(tempfile.gettempdir(), "common_export")
for epoch in range(60):
    tf.saved_model.save(module, folder)
""",
        """\
with strategy.scope():
    module = tf.Module()
    module.table = tf.Variable(tf.random.normal([300, 300]))
is_chief = strategy.cluster_resolver.task_id == 0
folder = os.path.join(tempfile.gettempdir(), "common_export" if is_chief else f"{os.getpid()}")
for epoch in range(3):
    tf.saved_model.save(module, folder)
""",
        strategy=WORKERS,
        seen_on=(TENSORFLOW, KERAS),
        code="TB801",
        scenario="files.written_by_all",
        threads=("tensorflow#56676", "tensorflow#44518", "ray#27938"),
    ),
    KnownError(
        "too_few_files_for_workers",
        "a dataset of fewer files than workers is shared out by files",
        (
            Sign(
                ("InvalidArgumentError",),
                r"Could not apply FILE based sharding: the dataset only has (?P<files>\d+) file",
            ),
        ),
        "the policy FILE gives each worker whole files, and there are {files}",
        "share out by elements (AutoShardPolicy.DATA), or write as many files as there are workers",
        """\
path = os.path.join(tempfile.mkdtemp(), "examples.txt")
pathlib.Path(path).write_text("1\\n2\\n3\\n4\\n")
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.FILE
lines = tf.data.TextLineDataset([path]).batch(2).with_options(options)
for batch in strategy.experimental_distribute_dataset(lines):
    pass
""",
        """\
path = os.path.join(tempfile.mkdtemp(), "examples.txt")
pathlib.Path(path).write_text("1\\n2\\n3\\n4\\n")
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
lines = tf.data.TextLineDataset([path]).batch(2).with_options(options)
for batch in strategy.experimental_distribute_dataset(lines):
    pass
""",
        strategy=WORKERS,
        threads=("tensorflow#42146", "tensorflow#36846"),
    ),
    KnownError(
        "no_files_to_share_out",
        "a dataset without files is shared out by files",
        (
            Sign(
                ("NotFoundError",),
                r"Found an unshardable source dataset: (?:goo\.gle/debugstr\s+)?"
                r"(?:name: \"(?P<source>\w+)[^\"]*\")?",
            ),
        ),
        "the policy FILE gives each worker whole files, and this dataset ({source}) reads none",
        "share out by elements (AutoShardPolicy.DATA), or by hand with OFF and Dataset.shard",
        """\
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.FILE
numbers = tf.data.Dataset.range(8).batch(2).with_options(options)
for batch in strategy.experimental_distribute_dataset(numbers):
    pass
""",
        """\
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
numbers = tf.data.Dataset.range(8).batch(2).with_options(options)
for batch in strategy.experimental_distribute_dataset(numbers):
    pass
""",
        strategy=WORKERS,
        threads=("tensorflow#49828", "datasets#1302"),
    ),
)
