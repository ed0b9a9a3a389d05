"""The environment of workers, and how it is written down."""

from __future__ import annotations

import pytest

from testbed.launcher.machine.environment import (
    MISLEADING,
    kept_from,
    server_environment,
    without_secrets,
)


@pytest.mark.parametrize("name", sorted(MISLEADING))
def test_misleading_variables_do_not_reach_workers(name: str) -> None:
    """A variable that would change what a cluster does is taken out, and others stay."""
    given = server_environment({name: "something", "HOME": "/home/me"})
    assert name not in given
    assert given["HOME"] == "/home/me"


@pytest.mark.parametrize(
    "name",
    ["TF_CONFIG", "http_proxy", "https_proxy", "grpc_proxy", "GRPC_ADDRESS_HTTP_PROXY",
     "KERAS_BACKEND", "NCCL_SOCKET_IFNAME", "NCCL_COMM_ID", "TF_NUM_INTEROP_THREADS"],
)  # fmt: skip
def test_the_worst_misleading_variables_are_known(name: str) -> None:
    """Another cluster's TF_CONFIG, proxies, and what makes workers fail are among those."""
    assert name in MISLEADING


def test_a_benchmark_has_the_threads_that_were_asked_for() -> None:
    """How many threads TensorFlow has is the user's to say where speed is what is measured."""
    asked = {"TF_NUM_INTEROP_THREADS": "16", "TF_CONFIG": "{}"}
    given = server_environment(asked, exact=False)
    assert given["TF_NUM_INTEROP_THREADS"] == "16"
    assert "TF_CONFIG" not in given


def test_equal_digits_are_wanted_of_runs_and_not_of_benchmarks() -> None:
    """A run computes in full float32 on CPUs and GPUs; a benchmark as fast as it can."""
    assert server_environment({})["NVIDIA_TF32_OVERRIDE"] == "0"
    assert "NVIDIA_TF32_OVERRIDE" not in server_environment({}, exact=False)
    own = {"NVIDIA_TF32_OVERRIDE": "1"}
    assert server_environment(own)["NVIDIA_TF32_OVERRIDE"] == "1"


def test_what_is_kept_is_known_to_be_there() -> None:
    """Of TensorFlow's variables those are told that reach workers, and no secret with them."""
    inherited = {
        "TF_USE_LEGACY_KERAS": "1",
        "NCCL_DEBUG": "INFO",
        "XLA_FLAGS": "--xla_dump_to=/tmp",
        "GRPC_VERBOSITY": "debug",
        "TF_API_TOKEN": "hunter2",
        "TF_CONFIG": "{}",
        "NCCL_COMM_ID": "10.0.0.1:99",
        "HOME": "/home/me",
        "MY_TF_THING": "1",
        "TF_CLI_CONFIG_FILE": "/home/me/.terraformrc",
        "TF_VAR_region": "x",
        "TF_LOG": "debug",
        "TF_DATA_EXPERIMENT_OPT_IN": "all",
    }
    assert kept_from(inherited) == [
        "GRPC_VERBOSITY=debug",
        "NCCL_DEBUG=INFO",
        "TF_API_TOKEN=(left out)",
        "TF_DATA_EXPERIMENT_OPT_IN=all",
        "TF_USE_LEGACY_KERAS=1",
        "XLA_FLAGS=--xla_dump_to=/tmp",
    ]
    given = server_environment(inherited)
    assert all(told.partition("=")[0] in given for told in kept_from(inherited))


def test_workers_are_quiet_unless_asked() -> None:
    """TensorFlow's chatter is off by default, and the user's own setting counts."""
    assert server_environment({})["TF_CPP_MIN_LOG_LEVEL"] == "2"
    assert server_environment({"TF_CPP_MIN_LOG_LEVEL": "0"})["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_the_server_has_one_thread_whatever_was_set() -> None:
    """A process that forks may have one thread only, so OpenBLAS and Arrow get no more."""
    assert server_environment({"OPENBLAS_NUM_THREADS": "8"})["OPENBLAS_NUM_THREADS"] == "1"
    assert server_environment({})["JE_ARROW_MALLOC_CONF"] == "background_thread:false"


def test_workers_print_any_letter_whatever_was_set() -> None:
    """A worker's log is UTF-8, also where the terminal is not."""
    given = server_environment({"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert given["PYTHONIOENCODING"] == "utf-8:backslashreplace"


def test_the_inherited_environment_is_left_as_it_is() -> None:
    """Making the server's environment changes nothing of the one it is made from."""
    inherited = {"TF_CONFIG": "{}", "HOME": "/home/me"}
    server_environment(inherited)
    assert inherited == {"TF_CONFIG": "{}", "HOME": "/home/me"}


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "client_secret", "DB_PASSWORD", "MYSQL_PWD", "DB_PASS", "GPG_PASSPHRASE",
     "AWS_SECRET_ACCESS_KEY", "API_KEY", "HTTP_AUTH", "GOOGLE_APPLICATION_CREDENTIALS", "COOKIE",
     "SENTRY_DSN", "DATABASE_URL", "AZURE_STORAGE_CONNECTION_STRING", "BLOB_SAS_URL", "PIN",
     "TF_VAR_region", "TF_CLI_ARGS", "TF_HTTP_ADDRESS", "HOME", "MY_PATH", "PATH2", "xPYTHONPATH"],
)  # fmt: skip
def test_what_explains_no_run_is_left_out(name: str) -> None:
    """Of a variable that explains no run only its name is written down, whatever it is called."""
    assert without_secrets({name: "hunter2"}) == {name: "(left out)"}


@pytest.mark.parametrize(
    "name",
    ["TF_API_TOKEN", "SLURM_JWT", "CONDA_TOKEN", "PYTHON_KEYRING", "NCCL_SECRET", "TF_PWD",
     "KERAS_COOKIE", "CUDA_PASSPHRASE", "TESTBED_DSN", "OMPI_MCA_private"],
)  # fmt: skip
def test_a_secret_in_what_explains_a_run_is_left_out(name: str) -> None:
    """A name that looks like a secret is one, whoever else's it also is."""
    assert without_secrets({name: "hunter2"}) == {name: "(left out)"}


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("https_proxy", "https://me:hunter2@proxy:3128", "https://(left out)@proxy:3128"),
        ("HTTP_PROXY", "me:hunter2@proxy:3128", "(left out)@proxy:3128"),
        ("http_proxy", "http://me:hun@ter2@proxy/", "http://(left out)@proxy/"),
        ("http_proxy", "http://me:hun/ter2@proxy/", "http://(left out)@proxy/"),
        ("TF_ADDRESS", "https://a/b?sig=hunter2&x=1", "https://a/b?(left out)"),
        ("PATH", "/opt/python@3.11/bin:/bin", "/opt/python@3.11/bin:/bin"),
        ("XLA_FLAGS", "--xla_dump_to=/tmp --x", "--xla_dump_to=/tmp --x"),
    ],
)
def test_a_secret_in_an_address_is_left_out(name: str, value: str, written: str) -> None:
    """User, password and signature of an address are cut, and the rest of it stays."""
    assert without_secrets({name: value}) == {name: written}


@pytest.mark.parametrize(
    "name",
    ["PATH", "PWD", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_MAX_CONNECTIONS", "TF_CPP_MIN_LOG_LEVEL",
     "XLA_FLAGS", "NCCL_DEBUG", "GRPC_VERBOSITY", "LD_PRELOAD", "PYTHONPATH", "SLURM_JOB_ID",
     "OMPI_COMM_WORLD_RANK", "LC_ALL", "LANG", "no_proxy", "OMP_NUM_THREADS", "TESTBED_RUN"],
)  # fmt: skip
def test_what_is_no_secret_is_written(name: str) -> None:
    """Variables that explain a run are written as they are."""
    assert without_secrets({name: "/usr/bin"}) == {name: "/usr/bin"}


def test_names_are_written_in_order() -> None:
    """Two environments can be compared line by line."""
    assert list(without_secrets({"B": "1", "A": "2"})) == ["A", "B"]
