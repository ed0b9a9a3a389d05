"""The engine `kubernetes`, which writes what `kubectl apply` needs, and asks no cluster.

An Indexed Job gives each worker its index, and a headless Service gives it a name.
"""

from __future__ import annotations

import shlex

from testbed.cli.options.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.kubernetes.manifests import manifest_of
from testbed.engines.kubernetes.request import KubernetesRequest, request_of
from testbed.errors import UsageError
from testbed.launcher.run_folder import write_text
from testbed.report.formats.destinations import destination


def main(options: EngineOptions, inner: InnerCommand) -> int:
    """Write the manifest of a job, and say what to do with it.

    Raises:
        UsageError: something that it needs is missing.
    """
    path = destination("--export", options.export)
    if path is None:
        raise UsageError(
            "--engine kubernetes only writes what Kubernetes is told:"
            " --export job.yaml, then kubectl apply -f job.yaml"
        )
    request = request_of(options, inner)
    write_text(path, manifest_of(request))
    print(next_steps(request, str(path)))
    return 0


def next_steps(request: KubernetesRequest, file: str) -> str:
    """How the job is started, followed, and its report collected."""
    within = f" -n {request.namespace}" if request.namespace else ""
    if request.tfjob:
        worker_0 = f"{request.name}-worker-0"
    else:
        # By labels kubectl shows ten lines only, unless it is told.
        index = "batch.kubernetes.io/job-completion-index=0"
        worker_0 = f"--tail=-1 -l app.kubernetes.io/instance={request.name},{index}"
    return "\n".join(
        [
            f"start:   kubectl apply -f {shlex.quote(file)}",
            f"follow:  kubectl logs{within} -f {worker_0} (as soon as worker 0 runs)",
            f"collect: testbed report {shlex.quote(request.folder)}"
            f" (wherever the claim {request.claim} is mounted at {request.mount})",
        ]
    )
