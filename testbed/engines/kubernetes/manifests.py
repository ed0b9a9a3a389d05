"""The manifest of a job as text, with comments that explain each setting."""

from __future__ import annotations

import textwrap

from testbed.engines.kubernetes.request import KubernetesRequest
from testbed.engines.kubernetes.scalars import argument, comment, quoted

GRACE_SECONDS = 20
"""Enough time for worker 0 to write why the job ends."""


def manifest_of(request: KubernetesRequest) -> str:
    """The whole manifest, for `kubectl apply`."""
    parts = [_tfjob(request)] if request.tfjob else [_service(request), _job(request)]
    return _heading(request) + "".join(f"---\n{part}" for part in parts)


def _heading(request: KubernetesRequest) -> str:
    return textwrap.dedent(f"""\
        # testbed on {request.workers} workers. The run's folder is in the claim, and every worker
        # mounts it: reports come back through {comment(request.folder)}
        # A folder holds one run: for another one, write this anew with another --folder.
        """)


def _service(request: KubernetesRequest) -> str:
    return f"""\
# Gives every worker a name that the others can resolve: NAME-INDEX.NAME
apiVersion: v1
kind: Service
metadata:
{_indented(2, _metadata(request))}
spec:
  clusterIP: None
  # Workers look for each other before any of them is ready.
  publishNotReadyAddresses: true
  # No ports: workers pick free ones, and all ports are open between pods. Where a network policy
  # closes them, let pods with this label reach each other.
  selector:
    app.kubernetes.io/instance: {quoted(request.name)}
"""


def _job(request: KubernetesRequest) -> str:
    return f"""\
apiVersion: batch/v1
kind: Job
metadata:
{_indented(2, _metadata(request))}
spec:
  # Every worker gets its index as JOB_COMPLETION_INDEX.
  completionMode: Indexed
  completions: {request.workers}
  # All at once, since each waits for all others.
  parallelism: {request.workers}
  # A worker that is started again cannot join its cluster, so a dead one ends the job.
  backoffLimit: 0
{_indented(2, _deadline(request))}\
  template:
{_indented(4, _template(request))}"""


def _tfjob(request: KubernetesRequest) -> str:
    return f"""\
# Kubeflow's first operator, which its authors call legacy: it gives every worker its TF_CONFIG and
# its service. Without the operator: the same command without --tfjob.
apiVersion: kubeflow.org/v1
kind: TFJob
metadata:
{_indented(2, _metadata(request))}
spec:
  runPolicy:
    # A worker that is started again cannot join its cluster, so a dead one ends the job.
    backoffLimit: 0
    # Workers that have ended stay, so that their logs can be read.
    cleanPodPolicy: Running
{_indented(4, _deadline(request))}\
  # Worker 0 ends a moment before the others, which must not be killed for that.
  successPolicy: AllWorkers
  tfReplicaSpecs:
    Worker:
      replicas: {request.workers}
      restartPolicy: Never
      template:
{_indented(8, _template(request))}"""


def _metadata(request: KubernetesRequest) -> str:
    lines = [f"name: {quoted(request.name)}"]
    if request.namespace:
        lines.append(f"namespace: {quoted(request.namespace)}")
    return "\n".join([*lines, "labels:", _indented(2, _labels(request))])


def _labels(request: KubernetesRequest) -> str:
    return textwrap.dedent(f"""\
        app.kubernetes.io/name: testbed
        app.kubernetes.io/instance: {quoted(request.name)}""")


def _deadline(request: KubernetesRequest) -> str:
    if request.seconds is None:
        return ""
    return f"activeDeadlineSeconds: {request.seconds}\n"


def _template(request: KubernetesRequest) -> str:
    """The pod of each worker."""
    # The operator gives pods names and services itself.
    found = "" if request.tfjob else f"# The service's name.\nsubdomain: {quoted(request.name)}\n"
    never = "" if request.tfjob else "restartPolicy: Never\n"
    return f"""\
metadata:
  labels:
{_indented(4, _labels(request))}
spec:
{_indented(2, found + never)}\
  # TensorFlow ignores SIGTERM, so a longer grace period has no use.
  terminationGracePeriodSeconds: {GRACE_SECONDS}
  # Workers do not use the Kubernetes API.
  automountServiceAccountToken: false
  enableServiceLinks: false
  # One worker per host, where there are enough hosts.
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          app.kubernetes.io/instance: {quoted(request.name)}
  containers:
{_indented(4, _container_name(request))}
{_indented(6, _container(request))}\
  volumes:
    - name: shared
      persistentVolumeClaim:
        claimName: {quoted(request.claim)}
{_indented(4, _memory_volume(request))}"""


def _container_name(request: KubernetesRequest) -> str:
    if request.tfjob:
        return "# The operator looks for a container of this name.\n- name: tensorflow"
    return "- name: testbed"


def _container(request: KubernetesRequest) -> str:
    words = "".join(f"  - {argument(word)}\n" for word in request.words)
    return f"""\
image: {quoted(request.image)}
# Not python3 -m, which puts the working folder first on Python's path.
command: ["testbed"]
args:
{words}\
env:
  # The output of worker 0 appears in its log at once.
  - name: PYTHONUNBUFFERED
    value: "1"
{_port(request)}{_resources(request)}\
securityContext:
  allowPrivilegeEscalation: false
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  - name: shared
    mountPath: {quoted(request.mount)}
{_indented(2, _memory_mount(request))}"""


def _port(request: KubernetesRequest) -> str:
    if not request.tfjob:
        return ""
    return textwrap.dedent("""\
        ports:
          # TF_CONFIG names this port.
          - name: tfjob-port
            containerPort: 2222
        """)


def _resources(request: KubernetesRequest) -> str:
    lines = []
    if request.cpus is not None:
        # No limit: a throttled worker keeps all others waiting.
        lines += ["  requests:", f'    cpu: "{request.cpus}"']
    if request.gpus:
        lines += ["  limits:", f'    nvidia.com/gpu: "{request.gpus}"']
    return "\n".join(["resources:", *lines, ""]) if lines else ""


def _memory_volume(request: KubernetesRequest) -> str:
    if request.gpus < 2:
        return ""
    return textwrap.dedent("""\
        # GPUs of one worker use shared memory, of which a container has 64 MB by default.
        - name: memory
          emptyDir:
            medium: Memory
        """)


def _memory_mount(request: KubernetesRequest) -> str:
    if request.gpus < 2:
        return ""
    return "- name: memory\n  mountPath: /dev/shm\n"


def _indented(spaces: int, text: str) -> str:
    return textwrap.indent(text, " " * spaces)
