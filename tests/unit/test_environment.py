"""The environment of workers, and how it is written down."""

from __future__ import annotations

import pytest

from testbed.launch.environment import MISLEADING, server_environment, without_secrets


@pytest.mark.parametrize("name", sorted(MISLEADING))
def test_misleading_variables_do_not_reach_workers(name: str) -> None:
    """A variable that would change what a cluster does is taken out, and others stay."""
    given = server_environment({name: "something", "HOME": "/home/me"})
    assert name not in given
    assert given["HOME"] == "/home/me"


@pytest.mark.parametrize("name", ["TF_CONFIG", "http_proxy", "https_proxy", "grpc_proxy"])
def test_the_worst_misleading_variables_are_known(name: str) -> None:
    """Another cluster's TF_CONFIG and gRPC's proxies are among the misleading ones."""
    assert name in MISLEADING


def test_workers_are_quiet_unless_asked() -> None:
    """TensorFlow's chatter is off by default, and the user's own setting counts."""
    assert server_environment({})["TF_CPP_MIN_LOG_LEVEL"] == "2"
    assert server_environment({"TF_CPP_MIN_LOG_LEVEL": "0"})["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_the_server_has_one_thread_whatever_was_set() -> None:
    """A process that forks may have one thread only, so OpenBLAS gets no more."""
    assert server_environment({"OPENBLAS_NUM_THREADS": "8"})["OPENBLAS_NUM_THREADS"] == "1"


def test_the_inherited_environment_is_left_as_it_is() -> None:
    """Making the server's environment changes nothing of the one it is made from."""
    inherited = {"TF_CONFIG": "{}", "HOME": "/home/me"}
    server_environment(inherited)
    assert inherited == {"TF_CONFIG": "{}", "HOME": "/home/me"}


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "client_secret", "DB_PASSWORD", "MYSQL_PASSWD", "DB_PASS", "GPG_PASSPHRASE",
     "AWS_SECRET_ACCESS_KEY", "API_KEY", "HTTP_AUTH", "GOOGLE_APPLICATION_CREDENTIALS", "COOKIE"],
)  # fmt: skip
def test_secrets_are_left_out(name: str) -> None:
    """The value of a name that looks like a secret is not written down; that it was set is."""
    written = without_secrets({name: "hunter2"})
    assert list(written) == [name]
    assert "hunter2" not in written[name]


def test_a_password_in_an_address_is_left_out() -> None:
    """User and password in an address are cut, and the rest of it stays."""
    written = without_secrets({"INDEX": "https://me:hunter2@host/simple https://you:x@b/"})
    assert written == {"INDEX": "https://(left out)@host/simple https://(left out)@b/"}


@pytest.mark.parametrize("name", ["PATH", "PWD", "CUDA_VISIBLE_DEVICES", "TF_CPP_MIN_LOG_LEVEL"])
def test_what_is_no_secret_is_written(name: str) -> None:
    """Variables that explain a run are written as they are."""
    assert without_secrets({name: "/usr/bin"}) == {name: "/usr/bin"}


def test_names_are_written_in_order() -> None:
    """Two environments can be compared line by line."""
    assert list(without_secrets({"B": "1", "A": "2"})) == ["A", "B"]
