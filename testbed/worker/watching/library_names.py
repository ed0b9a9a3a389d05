"""Private names of TensorFlow and Keras that hooks need, in each version that has another one.

A library renames, moves or changes its private code without notice. Every such name of the hooks is
declared here, with the places where the versions have it, so that a name that moves again is
changed in one place, and a missing one is found before the program runs. A comment says why no
public name serves. All were seen on TensorFlow 2.15 to 2.21 and Keras 2.15 to 3.16.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from types import CodeType
from typing import Any


class BlindError(Exception):
    """A library does not have a name, or does not use it as the hooks expect."""


@dataclass(frozen=True)
class LibraryName:
    """A function, class or method of a library."""

    places: tuple[str, ...]
    """Where the versions have it, the newest first, like `package.module:Class.method`."""
    parameters: tuple[str, ...] = ()
    """The first parameters, after `self`, which a hook takes by their positions."""
    caller: str = ""
    """A function of the library that calls it by its name, and so calls a replacement, too."""

    def find(self) -> Any:
        """The object of the installed version.

        Raises:
            BlindError: there is none, or it is not used as the hooks expect.
        """
        return _object_at(self._place())

    def owner(self) -> tuple[Any, str]:
        """The object whose attribute it is, and the name of the attribute.

        Raises:
            BlindError: as for `find`.
        """
        module, _, path = self._place().partition(":")
        path, _, name = path.rpartition(".")
        return _object_at(f"{module}:{path}"), name

    @property
    def exists(self) -> bool:
        """Whether `find` finds it."""
        try:
            self._place()
        except BlindError:
            return False
        return True

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules in which the versions have it."""
        return tuple(place.partition(":")[0] for place in self.places)

    def _place(self) -> str:
        place = next((each for each in self.places if _exists(each)), None)
        if place is None:
            raise BlindError(f"{self.places[0]} does not exist")
        taken = len(self.parameters)
        if taken and _parameters(_object_at(place))[:taken] != self.parameters:
            raise BlindError(f"{place} has other parameters")
        if self.caller:
            self._require_call(_last_name(place))
        return place

    def _require_call(self, name: str) -> None:
        if not _exists(self.caller):
            raise BlindError(f"{self.caller}, which calls {name}, does not exist")
        code = getattr(inspect.unwrap(_object_at(self.caller)), "__code__", None)
        if code is None or name not in _names_in(code):
            raise BlindError(f"{self.caller} does not call {name}")


def _exists(place: str) -> bool:
    try:
        _object_at(place)
    except (ImportError, AttributeError):
        return False
    return True


def _object_at(place: str) -> Any:
    module, _, path = place.partition(":")
    return reduce(getattr, filter(None, path.split(".")), importlib.import_module(module))


def _last_name(place: str) -> str:
    """The name by which code calls it: of a special method that of its class."""
    names = place.partition(":")[2].split(".")
    return next(each for each in reversed(names) if not each.startswith("__"))


def _parameters(function: Any) -> tuple[str, ...]:
    names = tuple(inspect.signature(function).parameters)
    return names[1:] if names[:1] == ("self",) else names


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names_in(each)


_AUTOGRAPH = "tensorflow.python.autograph.impl.api"
_DISTRIBUTE = "tensorflow.python.distribute"
_CROSS_DEVICE = f"{_DISTRIBUTE}.cross_device_ops"
_FUNCTIONS = "tensorflow.python.eager.polymorphic_function"
_FILE_IO = "tensorflow.python.lib.io.file_io"
_OPS = "tensorflow.python.ops"

# Every variable is an instance of one of these two classes. A public creator scope sees only
# variables created below it, and not the user's arguments.
VARIABLE = LibraryName((f"{_OPS}.resource_variable_ops:BaseResourceVariable",))
DISTRIBUTED_VARIABLE = LibraryName((f"{_DISTRIBUTE}.values:DistributedVariable",))
PER_REPLICA = LibraryName((f"{_DISTRIBUTE}.values:PerReplica",))
# The context manager of `strategy.scope()`.
SCOPE_ENTERED = LibraryName(
    (f"{_DISTRIBUTE}.distribute_lib:_CurrentDistributionContext.__enter__",),
    caller=f"{_DISTRIBUTE}.distribute_lib:StrategyExtendedV2._scope",
)
SCOPE_LEFT = LibraryName((f"{_DISTRIBUTE}.distribute_lib:_CurrentDistributionContext.__exit__",))
# Replicas of one worker run one after another, and no public call shows when one has ended. Its
# thread sets `has_paused`, in `merge_call` and at its end.
REPLICA_THREAD = LibraryName(
    (f"{_DISTRIBUTE}.mirrored_run:_MirroredReplicaThread.__init__",),
    caller=f"{_DISTRIBUTE}.mirrored_run:_call_for_each_replica",
)
# The call of a function that was traced before runs no observable operations; only its graph has
# them.
TRACED_CALL = LibraryName(
    (f"{_FUNCTIONS}.concrete_function:ConcreteFunction._call_flat",),
    caller=f"{_FUNCTIONS}.tracing_compilation:call_function",
)
# Shows whether `all_reduce` calls one of the methods of CrossDeviceOps.
USE_MERGE_CALL = LibraryName((f"{_DISTRIBUTE}.distribute_lib:StrategyExtendedV1._use_merge_call",))
AUTO_SHARD = LibraryName(
    ("tensorflow.python.data.experimental.ops.distribute:_AutoShardDataset.__init__",),
    parameters=("input_dataset", "num_workers", "index"),
    caller=f"{_DISTRIBUTE}.input_ops:auto_shard_dataset",
)
# AutoGraph would convert a replacement of the public tf.py_function and tf.numpy_function; both
# call this function.
PYTHON_FUNCTION = LibraryName(
    (f"{_OPS}.script_ops:_internal_py_func",),
    parameters=("func",),
    caller=f"{_OPS}.script_ops:eager_py_func",
)
# In eager mode no public attribute keeps the `reuse` that the program asks for.
VARIABLE_SCOPE = LibraryName((f"{_OPS}.variable_scope:variable_scope.__enter__",))
GET_VARIABLE = LibraryName(
    (f"{_OPS}.variable_scope:VariableScope.get_variable",),
    parameters=("var_store", "name"),
    caller=f"{_OPS}.variable_scope:get_variable",
)
# TensorFlow's own code does not use the public names of `tf.io.gfile`, and files are opened when
# they are first used.
FILE_READ = LibraryName((f"{_FILE_IO}:FileIO._preread_check",), caller=f"{_FILE_IO}:FileIO.read")
FILE_WRITTEN = LibraryName(
    (f"{_FILE_IO}:FileIO._prewrite_check",), caller=f"{_FILE_IO}:FileIO.write"
)
FILE_COPIED = LibraryName((f"{_FILE_IO}:_pywrap_file_io.CopyFile",), caller=f"{_FILE_IO}:copy_v2")
FILE_MOVED = LibraryName(
    (f"{_FILE_IO}:_pywrap_file_io.RenameFile",), caller=f"{_FILE_IO}:rename_v2"
)
FILE_SOUGHT = LibraryName(
    (f"{_FILE_IO}:_pywrap_file_io.FileExists",), caller=f"{_FILE_IO}:file_exists_v2"
)
# Every public way of saving and reading checkpoints ends here.
CHECKPOINT_SAVED = LibraryName(
    ("tensorflow.python.checkpoint.functional_saver:MultiDeviceSaver.save",),
    parameters=("file_prefix",),
)
CHECKPOINT_READ = LibraryName(
    ("tensorflow.python.training.py_checkpoint_reader:NewCheckpointReader",),
    parameters=("filepattern",),
    caller="tensorflow.python.training.checkpoint_utils:load_checkpoint",
)
# There is no public way to observe a single operation, and the public ways to write (assign,
# optimizers, scatter) have no other code in common. MirroredStrategy passes callbacks on to the
# threads of its replicas.
OP_CALLBACK = LibraryName(
    ("tensorflow.python.framework.op_callbacks:add_op_callback",), parameters=("callback_fn",)
)
OP_CALLBACK_REMOVED = LibraryName(
    ("tensorflow.python.framework.op_callbacks:remove_op_callback",), parameters=("op_callback",)
)
# AutoGraph maps its lines back for tracebacks only, and not in replicas' threads.
TRANSPILER = LibraryName((f"{_AUTOGRAPH}:_TRANSPILER.transform",))
# AutoGraph writes frames into the text of exceptions by this module of Python.
AUTOGRAPH_TRACEBACKS = LibraryName((f"{_AUTOGRAPH}:traceback",))
# Every operation, and every constructor of a strategy, starts the runtime by it.
RUNTIME_START = LibraryName(("tensorflow.python.eager.context:Context.ensure_initialized",))
# The public `tf.random.set_seed` makes all operations repeatable, also those of one program that
# are meant to differ among its runs.
OPERATION_SEED = LibraryName(
    ("tensorflow.python.framework.random_seed:get_seed",), parameters=("op_seed",)
)
BATCH_SIZE = LibraryName(
    ("tensorflow.python.data.experimental.ops.distribute:compute_batch_size",),
    parameters=("dataset",),
)

# The names by which steps are timed. A wait for input, and a copy to Python, have no public place.
ITERATOR_NEXT = LibraryName(("tensorflow.python.data.ops.iterator_ops:OwnedIterator.__next__",))
DISTRIBUTED_NEXT = LibraryName((f"{_DISTRIBUTE}.input_lib:DistributedIteratorBase.__next__",))
DISTRIBUTED_GET_NEXT = LibraryName((f"{_DISTRIBUTE}.input_lib:DistributedIteratorBase.get_next",))
EAGER_TENSOR = LibraryName(("tensorflow.python.framework.ops:_EagerTensorBase",))
TRACE = LibraryName(
    ("tensorflow.python.framework.func_graph:func_graph_from_py_func",),
    parameters=("name", "python_func"),
)
# No public attribute of a graph shows that it runs many times.
LOOP_BODY = LibraryName((f"{_OPS}.control_flow_v2_func_graphs:WhileBodyFuncGraph",))
# The operations of a strategy are the only place that all reductions pass, and they cannot be left
# out by a public name.
REDUCED = LibraryName((f"{_CROSS_DEVICE}:CrossDeviceOps.reduce",), parameters=("reduce_op",))
BATCH_REDUCED = LibraryName(
    (f"{_CROSS_DEVICE}:CrossDeviceOps.batch_reduce",), parameters=("reduce_op",)
)
ALL_REDUCED = LibraryName(
    (f"{_CROSS_DEVICE}:CollectiveAllReduce._all_reduce",),
    parameters=("reduce_op", "value", "replica_id"),
)
REDUCTIONS = tuple(
    LibraryName((f"{_CROSS_DEVICE}:{kind}",))
    for kind in ("ReductionToOneDevice", "AllReduceCrossDeviceOps", "CollectiveAllReduce")
)
REGROUP = LibraryName((f"{_DISTRIBUTE}.distribute_utils:regroup",), parameters=("values",))
MIRRORED_VALUE = LibraryName((f"{_DISTRIBUTE}.values:Mirrored",))
OF_TIMING = (
    ITERATOR_NEXT,
    DISTRIBUTED_NEXT,
    DISTRIBUTED_GET_NEXT,
    EAGER_TENSOR,
    TRACE,
    LOOP_BODY,
    REDUCED,
    BATCH_REDUCED,
    ALL_REDUCED,
    *REDUCTIONS,
    REGROUP,
    MIRRORED_VALUE,
)
"""Names without which steps cannot be timed; `testbed bench PROGRAM` then says so."""

# No events depend on the following names.
# MultiWorkerMirroredStrategy uses all GPUs of a worker, but always exactly one CPU.
LOCAL_DEVICES = LibraryName(
    (
        f"{_DISTRIBUTE}.collective_all_reduce_strategy:"
        "CollectiveAllReduceExtended._initialize_local_devices",
    ),
    parameters=("cluster_resolver", "worker_device"),
)
# Every public call that lists logical devices starts the runtime.
RUNTIME = LibraryName(("tensorflow.python.eager.context:context",))
FRAME_FILTERS = LibraryName(("tensorflow.python.util.tf_stack:_source_filter_stacks",))
FRAME_FILTER = LibraryName(("tensorflow.python.util.tf_stack:SentinelFilter",))
GRAPHS_COLLECTED = LibraryName(("tensorflow.python.eager.context:enable_graph_collection",))
GRAPHS_OF_RUN = LibraryName(("tensorflow.python.eager.context:export_run_metadata",))
GRAPHS_IGNORED = LibraryName(("tensorflow.python.eager.context:disable_graph_collection",))
# The public `do_not_convert` adds a frame and its time to each call.
UNCONVERTED = LibraryName((f"{_AUTOGRAPH}:autograph_artifact",))

# No public method of an optimizer is called between the gradients of a replica and their sum.
# Optimizers of Keras 2 clip the sum.
CLIPPING = LibraryName(
    ("keras.src.optimizers.base_optimizer:BaseOptimizer._clip_gradients",), parameters=("grads",)
)
# The method that every model inherits: Keras 3.16, Keras 3 before it, and Keras 2.
_FIT = ("x", "y", "batch_size")
FIT = LibraryName(
    (
        "keras.src.backend.tensorflow.trainer:Trainer.fit",
        "keras.src.backend.tensorflow.trainer:TensorFlowTrainer.fit",
        "keras.src.engine.training:Model.fit",
    ),
    parameters=_FIT,
)
FIT_OF_TF_KERAS = LibraryName(("tf_keras.src.engine.training:Model.fit",), parameters=_FIT)
HDF5_OPENED = LibraryName(("h5py:File.__init__",), parameters=("name", "mode"))

LIBRARY_NAMES = (
    *REDUCTIONS,
    *(each for each in vars().values() if isinstance(each, LibraryName)),
)
"""All names of this module."""
