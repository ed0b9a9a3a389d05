from __future__ import annotations

import json
from pathlib import Path

import pytest

from testbed.cli.declarations.engine import EngineOptions
from testbed.engines import InnerCommand
from testbed.engines.kubernetes import main, next_steps
from testbed.engines.kubernetes.manifests import manifest_of
from testbed.engines.kubernetes.request import KubernetesRequest
from testbed.engines.kubernetes.scalars import argument, quoted
from testbed.errors import UsageError
from tests.unit.engines.kubernetes import INNER, WORDS, expanded, options

REQUEST = KubernetesRequest(
    name="night",
    words=("run", "returned"),
    folder="/shared/night",
    image="registry/image:1",
    claim="results",
    workers=4,
)


@pytest.mark.parametrize("word", WORDS)
def test_words_arrive_as_they_were(word: str) -> None:
    """After YAML and Kubernetes have had their way, a word of the command is what it was."""
    scalar = argument(word).replace("\\x", "\\u00")
    assert expanded(json.loads(scalar)) == word


def test_yaml_escapes_what_cannot_be_seen() -> None:
    """What YAML would take for a line break or refuse is escaped as YAML does it."""
    assert quoted("a\x7f\x85\u2028\ufeff") == r'"a\x7f\x85\u2028\ufeff"'
    assert quoted("\U0001f600\U000e0001") == '"\U0001f600\\U000e0001"'


def test_a_name_that_is_no_text_is_refused() -> None:
    """A file name whose bytes are no text cannot be written down in YAML, and is not made up."""
    with pytest.raises(UsageError, match="udcff"):
        quoted("night\udcff")


def test_a_folder_cannot_leave_its_comment() -> None:
    """A line break in the folder's name starts no line of the manifest."""
    text = manifest_of(KubernetesRequest("n", (), "/shared/a\nkind: Pod", "i", "c", 2))
    assert "\nkind: Pod" not in text


def test_what_was_not_asked_for_is_not_written() -> None:
    """Without GPUs, a time or a namespace the manifest does not mention them."""
    text = manifest_of(REQUEST)
    for absent in ("nvidia.com/gpu", "activeDeadlineSeconds", "namespace:", "/dev/shm", "requests"):
        assert absent not in text


def test_no_line_is_left_with_blanks() -> None:
    """Whatever is left out leaves neither an empty line nor blanks at the end of one."""
    for tfjob in (False, True):
        for line in manifest_of(
            KubernetesRequest("n", ("run",), "/s/n", "i", "c", 2, tfjob=tfjob)
        ).splitlines():
            assert line.strip()
            assert line == line.rstrip()


def test_the_next_steps_name_what_was_written() -> None:
    """The commands to start, follow and collect name the file, the namespace and worker 0."""
    told = next_steps(
        KubernetesRequest("n", (), "/s/my run", "i", "c", 2, namespace="lab"), "my job.yaml"
    )
    start, follow, collect = told.splitlines()
    assert start.endswith("kubectl apply -f 'my job.yaml'")
    assert "kubectl logs -n lab -f" in follow
    assert "instance=n,batch.kubernetes.io/job-completion-index=0" in follow
    assert "testbed report '/s/my run'" in collect
    tfjob = next_steps(KubernetesRequest("n", (), "/s/n", "i", "c", 2, tfjob=True), "job.yaml")
    assert " -f n-worker-0 " in tfjob.splitlines()[1]


def test_the_engine_writes_the_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--export` gets the whole manifest, and the next steps are printed."""
    file = tmp_path / "job.yaml"
    assert main(options(export=str(file)), INNER) == 0
    assert '- "returned"\n' in file.read_text(encoding="utf-8")
    assert f"kubectl apply -f {file}" in capsys.readouterr().out


def test_the_engine_only_writes() -> None:
    """Without a file to write, the way is told, and nothing is asked of any cluster."""
    with pytest.raises(UsageError, match=r"--export job.yaml, then kubectl apply -f job.yaml"):
        main(EngineOptions(), InnerCommand(("run",), "/shared/night", 2))
