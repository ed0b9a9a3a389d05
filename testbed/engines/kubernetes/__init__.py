"""The engine `kubernetes`: writes a manifest for `kubectl apply`, and contacts no cluster.

An Indexed Job gives each worker its index, and a headless Service gives it a name.
"""

from __future__ import annotations

import shlex

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.kubernetes.manifests import manifest_of
from testbed.engines.kubernetes.request import KubernetesRequest, request_of
from testbed.errors import UsageError
from testbed.launcher.run_folder import write_text
from testbed.report.output.destinations import destination


def main(options: EngineOptions, inner: InnerCommand) -> int:
    """Write the manifest of a job, and print the next steps.

    Raises:
        UsageError: an option that the manifest needs is missing or wrong.
    """
    path = destination("--export", options.export)
    if path is None:
        raise UsageError(
            "--engine kubernetes only writes a manifest:"
            " --export job.yaml, then kubectl apply -f job.yaml"
        )
    request = request_of(options, inner)
    write_text(path, manifest_of(request))
    print(next_steps(request, str(path)))
    return 0


def next_steps(request: KubernetesRequest, file: str) -> str:
    """The commands that start the job, follow it and collect its report."""
    within = f" -n {request.namespace}" if request.namespace else ""
    if request.tfjob:
        worker_0 = f"{request.name}-worker-0"
    else:
        # With labels, kubectl shows only ten lines unless --tail is given.
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
