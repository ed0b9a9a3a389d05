from __future__ import annotations

import re
from typing import Any

import pytest

from testbed.engines import InnerCommand
from testbed.engines.kubernetes.request import job_name, request_of
from testbed.errors import UsageError
from tests.unit.engines.kubernetes import INNER, options


def test_what_is_asked_for_arrives() -> None:
    """Options and what is to be run become a request, minutes become seconds."""
    inner = InnerCommand(INNER.words, INNER.folder, 4, gpus_per_worker=2)
    request = request_of(options(time=1.5, cpus_per_worker=3, namespace="lab"), inner)
    assert (request.words, request.folder, request.workers) == (inner.words, inner.folder, 4)
    assert (request.gpus, request.cpus, request.seconds) == (2, 3, 90)
    assert (request.name, request.namespace, request.mount) == ("night", "lab", "/shared")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"container": None}, "--container is missing.*TensorFlow"),
        ({"claim": ""}, "--claim is missing.*ReadWriteMany"),
        ({"claim": "My_Claim"}, "--claim My_Claim"),
        ({"namespace": "a.b"}, "--namespace a.b"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused(given: dict[str, Any], told: str) -> None:
    """What is missing or no name is said with the option and what it is for."""
    with pytest.raises(UsageError, match=told):
        request_of(options(**given), INNER)


@pytest.mark.parametrize("folder", ["night", "/night", "/", "/a:b/night", "/shared/../night"])
def test_a_folder_that_no_claim_can_hold_is_refused(folder: str) -> None:
    """The claim is mounted at the folder's own folder, which must be one that can be hidden."""
    with pytest.raises(UsageError, match="--folder"):
        request_of(options(), InnerCommand(("run",), folder, 2))


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/shared/night", "night"),
        ("/shared/Night run_2", "night-run-2"),
        ("/shared/20260101-120000-ab", "testbed-20260101-120000-ab"),
        ("/shared/日本", "testbed"),
        ("/shared/-x-", "x"),
    ],
)
def test_a_job_is_named_after_its_folder(folder: str, name: str) -> None:
    """The last part of the folder, as far as it can be part of a host's name."""
    assert job_name(folder, 2) == name


@pytest.mark.parametrize("tfjob", [False, True])
@pytest.mark.parametrize("workers", [1, 10, 11, 1001])
@pytest.mark.parametrize("length", [1, 50, 53, 54, 60, 61, 62, 63, 64, 255])
def test_every_worker_has_a_name_that_hosts_can_have(
    length: int, workers: int, tfjob: bool
) -> None:
    """However long the folder's name, the last worker's host name is a valid label."""
    for letters in ("a" * length, "a-" * length, "1" * length):
        name = job_name(f"/shared/{letters}", workers, tfjob=tfjob)
        host = f"{name}-worker-{workers - 1}" if tfjob else f"{name}-{workers - 1}"
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name)
        assert len(host) <= 63
