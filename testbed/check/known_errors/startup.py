"""Errors at the start: devices, TF_CONFIG, and the constructor of a strategy."""

from __future__ import annotations

from testbed.check.known_errors.entry import WORKERS, KnownError, Sign

_RESOLVER = r"tensorflow/python/distribute/cluster_resolver/tfconfig_cluster_resolver\.py:"

ERRORS = (
    KnownError(
        "collectives_after_first_operation",
        "MultiWorkerMirroredStrategy is made after TensorFlow has run an operation",
        (Sign(("RuntimeError",), r"Collective ops must be configured at program startup"),),
        "{start} has started TensorFlow's runtime, and after that it cannot join a cluster. Any"
        " tensor, variable, model or dataset starts it, also at the top of an imported module",
        "make the strategy before the first tensor, variable, model or dataset, and before the"
        " import of modules that make one at their top",
        """\
means = tf.constant([0.5, 0.5])
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weight = tf.Variable(means)
""",
        """\
strategy = tf.distribute.MultiWorkerMirroredStrategy()
means = tf.constant([0.5, 0.5])
with strategy.scope():
    weight = tf.Variable(means)
""",
        strategy=WORKERS,
        threads=("tensorflow#34568", "tensorflow#30551", "tensorflow#55178"),
    ),
    KnownError(
        "devices_after_first_operation",
        "devices are configured after TensorFlow has run an operation",
        (
            Sign(
                ("RuntimeError",),
                r"(?P<what>Virtual devices|Visible devices|Physical devices|Memory growth|"
                r"Inter op parallelism|Intra op parallelism) cannot be"
                r" (?:modified|set|configured) after being initialized|"
                r"(?P<threads>Int(?:er|ra) op parallelism) cannot be modified after initialization",
            ),
        ),
        "{start} has started TensorFlow's runtime, and after that its devices and threads are"
        " fixed. Any tensor, variable, model, dataset or strategy starts it",
        "call tf.config before the first tensor, variable, dataset or strategy, in the module that"
        " is started",
        """\
start = tf.constant(1.0)
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 4
tf.config.set_logical_device_configuration(cpu, two)
strategy = tf.distribute.MirroredStrategy()
""",
        """\
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 4
tf.config.set_logical_device_configuration(cpu, two)
strategy = tf.distribute.MirroredStrategy()
start = tf.constant(1.0)
""",
        threads=("tensorflow#34568",),
    ),
    KnownError(
        "tf_config_is_no_json",
        "TF_CONFIG is no JSON",
        (Sign(("JSONDecodeError",), frame=_RESOLVER),),
        "TensorFlow reads TF_CONFIG as JSON. Python's str() of a dict has single quotes and is no"
        " JSON",
        "write it by json.dumps",
        """\
worker = json.loads(os.environ["TF_CONFIG"])
os.environ["TF_CONFIG"] = str(worker)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
worker = json.loads(os.environ["TF_CONFIG"])
os.environ["TF_CONFIG"] = json.dumps(worker)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "tf_config_without_task",
        "TF_CONFIG names a cluster, and not which task of it this process is",
        (
            Sign(
                ("ValueError",),
                r"When `cluster_spec` is given, you must also specify `task_type` and `task_id`",
            ),
        ),
        'TF_CONFIG needs "cluster", which is equal on all workers, and "task", which is not: its'
        ' "type" and its "index"',
        'add "task": {{"type": "worker", "index": the number of this worker}} to TF_CONFIG',
        """\
config = json.loads(os.environ["TF_CONFIG"])
os.environ["TF_CONFIG"] = json.dumps({"cluster": config["cluster"]})
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
task = {"type": "worker", "index": config["task"]["index"]}
os.environ["TF_CONFIG"] = json.dumps({"cluster": config["cluster"], "task": task})
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "task_index_out_of_range",
        "the index of the task is larger than the cluster",
        (
            Sign(
                ("ValueError",),
                r"The `task_id` (?P<index>-?\d+) exceeds the maximum id of (?P<kind>\w+)",
            ),
        ),
        'indices start at 0, for each type of task. TF_CONFIG says "index": {index} of "{kind}",'
        " and the list of the cluster has no address at that place",
        "count from 0: of N addresses the last worker has the index N - 1; with a chief, workers"
        " count from 0, too",
        """\
config = json.loads(os.environ["TF_CONFIG"])
rank = config["task"]["index"] + 1
config["task"]["index"] = rank + 1
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
rank = config["task"]["index"] + 1
config["task"]["index"] = rank - 1
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "task_index_is_no_number",
        "the index of the task is no number",
        (
            Sign(
                ("ValueError",),
                r"invalid literal for int\(\) with base 10: (?P<index>.*)",
                _RESOLVER + "task_id",
            ),
        ),
        'TF_CONFIG\'s "index" is {index}; TensorFlow needs a number from 0 on',
        "take the number from the name of the host or the variable of the scheduler, as an int",
        """\
config = json.loads(os.environ["TF_CONFIG"])
config["task"]["index"] = f"worker-{config['task']['index']}"
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
name = f"worker-{config['task']['index']}"
config["task"]["index"] = int(name.rpartition("-")[2])
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "unknown_task_type",
        "TF_CONFIG names a type of task that TensorFlow does not know",
        (
            Sign(("ValueError",), r"Unrecognized task_type: (?P<kind>\S+?), valid task types"),
            Sign(
                ("ValueError",),
                r"Disallowed task type found in cluster spec"
                r".*'(?P<kind>(?!chief|worker|evaluator|ps)\w+)': \[",
            ),
        ),
        "the type '{kind}' is no role of TensorFlow: it knows chief, worker, evaluator and ps",
        'call the tasks of MultiWorkerMirroredStrategy worker, in "cluster" and in "task"',
        """\
config = json.loads(os.environ["TF_CONFIG"])
config["cluster"] = {"trainer": config["cluster"]["worker"]}
config["task"]["type"] = "trainer"
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
config["cluster"] = {"worker": config["cluster"]["worker"]}
config["task"]["type"] = "worker"
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "several_chiefs",
        "TF_CONFIG lists more than one chief",
        (Sign(("ValueError",), r"There must be at most one 'chief' job"),),
        "a cluster has one chief at most; the other tasks that train are workers",
        'list one address as "chief" and the others as "worker", or all of them as "worker":'
        " then worker 0 is the chief",
        """\
config = json.loads(os.environ["TF_CONFIG"])
config["cluster"] = {"chief": config["cluster"]["worker"]}
config["task"]["type"] = "chief"
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
first, *others = config["cluster"]["worker"]
config["cluster"] = {"chief": [first], "worker": others}
rank = config["task"]["index"]
kind, index = ("worker", rank - 1) if rank else ("chief", 0)
config["task"] = {"type": kind, "index": index}
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "workers_are_no_list",
        "the addresses of TF_CONFIG are no list",
        (Sign(("TypeError",), r"The tasks for job '(?P<kind>\w+)' must be a list"),),
        'the value of "{kind}" in TF_CONFIG\'s "cluster" is one text; TensorFlow needs a list with'
        " an address for each task",
        "split the text of addresses into a list",
        """\
config = json.loads(os.environ["TF_CONFIG"])
hosts = ",".join(config["cluster"]["worker"])
config["cluster"]["worker"] = hosts
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
hosts = ",".join(config["cluster"]["worker"])
config["cluster"]["worker"] = hosts.split(",")
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "address_without_port",
        "an address of TF_CONFIG is not host:port",
        (
            Sign(
                ("InvalidArgumentError",),
                r"Could not (?:parse port for local server from|interpret) \"(?P<address>[^\"]*)\"",
            ),
        ),
        "TensorFlow's server needs host:port; '{address}' is something else",
        "write each address as host:port, without http://",
        """\
config = json.loads(os.environ["TF_CONFIG"])
addresses = ["http://" + each for each in config["cluster"]["worker"]]
config["cluster"]["worker"] = addresses
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
addresses = [each for each in config["cluster"]["worker"]]
config["cluster"]["worker"] = addresses
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
    ),
    KnownError(
        "port_is_taken",
        "the port of this worker is in use",
        (Sign(("UnknownError",), r"Could not start gRPC server"),),
        "another process listens on the port that TF_CONFIG gives this task: a worker of an earlier"
        " run, or a second process that has the same index (all tasks being task 0)",
        "end the earlier process, or take a free port; see to it that each process has an index of"
        ' its own in "task"',
        """\
import socket
taken = socket.create_server(("127.0.0.1", 0))
config = json.loads(os.environ["TF_CONFIG"])
mine = f"127.0.0.1:{taken.getsockname()[1]}"
config["cluster"]["worker"] = [mine, mine]
os.environ["TF_CONFIG"] = json.dumps(config)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        """\
config = json.loads(os.environ["TF_CONFIG"])
print("this worker is", config["task"], "of", config["cluster"])
strategy = tf.distribute.MultiWorkerMirroredStrategy()
""",
        strategy=WORKERS,
        threads=("tensorflow#46602", "tensorflow#61104"),
    ),
    KnownError(
        "options_taken_for_resolver",
        "the options of communication are passed in the place of the cluster resolver",
        (Sign(("ValueError",), r"cluster_resolver must be an instance of"),),
        "the first parameter of MultiWorkerMirroredStrategy is cluster_resolver, and the options"
        " come second",
        "pass them by name: MultiWorkerMirroredStrategy(communication_options=...)",
        """\
options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=120)
strategy = tf.distribute.MultiWorkerMirroredStrategy(options)
""",
        """\
options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=120)
strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
""",
        strategy=WORKERS,
    ),
)
