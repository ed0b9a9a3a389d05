"""Manifests against what Kubernetes and Kubeflow publish, without either."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from testbed.engines.kubernetes.manifests import manifest_of
from testbed.engines.kubernetes.request import KubernetesRequest, job_name
from tests.engines.models import complaints
from tests.unit.engines.kubernetes import WORDS, expanded

yaml = pytest.importorskip("yaml", reason="no PyYAML")

pytestmark = pytest.mark.engine

VERSIONS = ("1.28", "1.30", "1.32", "1.34", "1.36")

FOLDER = '/shared/Größe\'s "1" $(HOME)'

PLAIN = KubernetesRequest("night", ("run",), "/shared/night", "registry/image:1", "results", 2)
FULL = KubernetesRequest(
    name=job_name(FOLDER, 16),
    words=("run", "--folder", FOLDER, *WORDS, "\U0001f600", "\x01\x7f\x85\u2028\ufeff"),
    folder=FOLDER,
    image="registry:5000/a/image@sha256:" + "0" * 64,
    claim="results.of-all",
    workers=16,
    gpus=8,
    cpus=12,
    namespace="lab",
    seconds=5400,
)


def documents(request: KubernetesRequest) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifest_of(request)))


def with_tfjob(request: KubernetesRequest) -> KubernetesRequest:
    return KubernetesRequest(**{**vars(request), "tfjob": True})


def refusal(manifest: dict[str, Any], version: str) -> str:
    """What Kubernetes' schemas have against a manifest; nothing where it is right."""
    validate = pytest.importorskip("kubernetes_validate", reason="no kubernetes-validate")
    try:
        validate.validate(manifest, version, strict=True)
    except validate.ValidationError as problem:
        return str(problem.message)
    return ""


def of_tfjob(manifest: dict[str, Any]) -> list[str]:
    """What Kubeflow's models have against a manifest."""
    models = pytest.importorskip("kubeflow.training.models", reason="no kubeflow-training")
    core = pytest.importorskip("kubernetes.client.models", reason="no kubernetes")
    return complaints(manifest, "KubeflowOrgV1TFJob", models, core)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("request_", [PLAIN, FULL], ids=["plain", "full"])
def test_service_and_job_are_what_kubernetes_takes(
    request_: KubernetesRequest, version: str
) -> None:
    """Each field is one that this version of Kubernetes knows, and of its type."""
    service, job = documents(request_)
    assert (service["kind"], job["kind"]) == ("Service", "Job")
    assert [refusal(each, version) for each in (service, job)] == ["", ""]


@pytest.mark.parametrize("request_", [PLAIN, FULL], ids=["plain", "full"])
def test_a_tfjob_is_what_kubeflow_takes(request_: KubernetesRequest) -> None:
    """Each field is one that the published models know, and of its type."""
    (tfjob,) = documents(with_tfjob(request_))
    assert (tfjob["apiVersion"], tfjob["kind"]) == ("kubeflow.org/v1", "TFJob")
    assert of_tfjob(tfjob) == []
    worker = tfjob["spec"]["tfReplicaSpecs"]["Worker"]
    (container,) = worker["template"]["spec"]["containers"]
    assert container["name"] == "tensorflow"
    assert container["ports"] == [{"name": "tfjob-port", "containerPort": 2222}]


def pod_of(job: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = job["spec"]["template"]["spec"]
    return pod


def misspell(job: dict[str, Any]) -> None:
    job["spec"]["completionmode"] = job["spec"].pop("completionMode")


def number_as_text(job: dict[str, Any]) -> None:
    job["spec"]["completions"] = "4"


def argument_as_number(job: dict[str, Any]) -> None:
    pod_of(job)["containers"][0]["args"].append(7)


def unknown_in_pod(job: dict[str, Any]) -> None:
    pod_of(job)["volumes"][0]["persistentVolumeClaim"]["claim"] = "results"


def no_containers(job: dict[str, Any]) -> None:
    del pod_of(job)["containers"]


@pytest.mark.parametrize(
    "spoil", [misspell, number_as_text, argument_as_number, unknown_in_pod, no_containers]
)
def test_a_wrong_job_is_found(spoil: Callable[[dict[str, Any]], None]) -> None:
    """The check fails for a job with one mistake."""
    _, job = documents(FULL)
    wrong = copy.deepcopy(job)
    spoil(wrong)
    assert refusal(job, VERSIONS[-1]) == ""
    assert refusal(wrong, VERSIONS[-1]) != ""


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("spec", "tfReplicaSpec"), {}, "tfReplicaSpec: unknown"),
        (("spec", "runPolicy", "backoffLimit"), "0", "backoffLimit: str"),
        (("spec", "tfReplicaSpecs", "Worker", "replica"), 2, "replica: unknown"),
        (
            ("spec", "tfReplicaSpecs", "Worker", "template", "spec", "containers", 0, "args"),
            [7],
            "args.0: int",
        ),
        (
            ("spec", "tfReplicaSpecs", "Worker", "template", "spec", "hostNetwork"),
            "yes",
            "hostNetwork: str",
        ),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_wrong_tfjob_is_found(path: tuple[Any, ...], value: Any, told: str) -> None:
    """The check fails for a TFJob with one mistake, at its place."""
    (tfjob,) = documents(with_tfjob(FULL))
    at = tfjob
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    (complaint,) = of_tfjob(tfjob)
    assert told in complaint


@pytest.mark.parametrize("tfjob", [False, True])
def test_words_arrive_as_they_were(tfjob: bool) -> None:
    """Whatever words hold, a container runs the testbed with them."""
    job = documents(with_tfjob(FULL) if tfjob else FULL)[-1]
    spec = job["spec"]["tfReplicaSpecs"]["Worker"] if tfjob else job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert container["command"] == ["testbed"]
    assert tuple(map(expanded, container["args"])) == FULL.words


def test_workers_find_each_other() -> None:
    """The Service selects the Job's pods, which are named after it, ready or not."""
    service, job = documents(FULL)
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert pod_of(job)["subdomain"] == service["metadata"]["name"]
    assert {each["metadata"]["namespace"] for each in (service, job)} == {"lab"}


def test_a_dead_worker_ends_the_job() -> None:
    """All workers are started at once and none twice, by Kubernetes and by Kubeflow."""
    _, job = documents(FULL)
    spec = job["spec"]
    assert (spec["completionMode"], spec["backoffLimit"]) == ("Indexed", 0)
    assert spec["completions"] == spec["parallelism"] == 16
    assert (pod_of(job)["restartPolicy"], spec["activeDeadlineSeconds"]) == ("Never", 5400)
    (tfjob,) = documents(with_tfjob(FULL))
    assert tfjob["spec"]["runPolicy"]["backoffLimit"] == 0
    assert tfjob["spec"]["runPolicy"]["activeDeadlineSeconds"] == 5400
    worker = tfjob["spec"]["tfReplicaSpecs"]["Worker"]
    assert (worker["restartPolicy"], worker["replicas"]) == ("Never", 16)


def test_the_folder_is_where_the_claim_is_mounted() -> None:
    """The claim is mounted where the run's folder is looked for, and GPUs get shared memory."""
    _, job = documents(FULL)
    (container,) = pod_of(job)["containers"]
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts == {"shared": "/shared", "memory": "/dev/shm"}
    assert [volume["name"] for volume in pod_of(job)["volumes"]] == list(mounts)
    assert container["resources"] == {
        "requests": {"cpu": "12"},
        "limits": {"nvidia.com/gpu": "8"},
    }


def test_schemas_are_those_of_the_versions_named() -> None:
    """The check looks into the schemas of these versions, and not into one older one for all."""
    validate = pytest.importorskip("kubernetes_validate", reason="no kubernetes-validate")
    service, _ = documents(PLAIN)
    assert [validate.validate(service, version, strict=True) for version in VERSIONS] == list(
        VERSIONS
    )
    assert all(re.fullmatch(r"1\.\d+", version) for version in VERSIONS)
