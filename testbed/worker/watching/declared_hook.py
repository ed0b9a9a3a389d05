"""Hooks with what they make visible, and the proof that they see it on the installed versions."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

import tensorflow as tf

# A dependency of TensorFlow.
import wrapt

from testbed.check.observations.blind_spot import BlindSpot
from testbed.worker.watching.events import Events
from testbed.worker.watching.library_names import LibraryName
from testbed.worker.watching.replacing import Hook


@dataclass(frozen=True)
class Proof:
    """A small program that a hook must see."""

    event: str
    """The name of an event that the hook must emit."""
    program: Callable[[], object]
    """Must not start TensorFlow's runtime, which the user's program configures first."""


@dataclass(frozen=True)
class DeclaredHook:
    """A hook, which is installed only where it sees what it declares."""

    sees: str
    """The events in a user's words, in the plural, like `checkpoints`."""
    install: Callable[[Events], Hook]
    names: tuple[LibraryName, ...] = ()
    """All private names that it needs."""
    proof: Proof | None = None
    """For a replacement that the library could ignore without an exception."""
    library: str = ""
    """The package that it hooks into, if not every program imports it; empty: TensorFlow."""
    since: int = 0
    """The first major version of the package that has something to see."""

    @property
    def is_needed(self) -> bool:
        """Whether this process has imported the library, in a version with something to see."""
        return not self.library or (self.library in sys.modules and self._major >= self.since)

    def problem(self) -> str:
        """Why it would see nothing; empty if it sees what it declares."""
        try:
            for name in self.names:
                name.find()
            return self._unproven()
        except Exception as problem:
            # Private code may change in any way.
            return str(problem)

    def blind_spot(self, reason: str) -> BlindSpot:
        """The report that it does not see anything, for this reason."""
        name = self.library or "TensorFlow"
        return BlindSpot(self.sees, f"{name} {self._version}".strip(), reason)

    @property
    def _version(self) -> str:
        if not self.library:
            return str(tf.__version__)
        # A package that is being imported may have no attribute yet.
        if found := getattr(sys.modules.get(self.library), "__version__", ""):
            return str(found)
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(self.library)
        return ""

    @property
    def _major(self) -> int:
        return int(self._version.partition(".")[0] or 0)

    def _unproven(self) -> str:
        if self.proof is None:
            return ""
        events, emitted = Events(), list[object]()
        getattr(events, self.proof.event).subscribe("proof", lambda *_: emitted.append(None))
        with self.install(events):
            self.proof.program()
        return "" if emitted else "its hook sees nothing"


@contextlib.contextmanager
def installed(hooks: Iterable[DeclaredHook], events: Events) -> Iterator[None]:
    """Install the hooks that see something, in order, and report the others as blind spots."""
    with contextlib.ExitStack() as entered:
        for hook in hooks:
            if hook.is_needed and not (reason := hook.problem()):
                entered.enter_context(hook.install(events))
            elif hook.is_needed:
                events.log.blind(hook.blind_spot(reason))
            elif hook.library not in sys.modules:
                _install_once_imported(hook, events, entered)
        yield


def _install_once_imported(
    hook: DeclaredHook, events: Events, entered: contextlib.ExitStack
) -> None:
    """Install a hook as soon as the program has imported the modules that it replaces."""
    unseen = hook.blind_spot("the program imported it in an unknown way")
    events.log.blind(unseen, once_imported=hook.library)
    waiting = [hook]
    # wrapt keeps an import hook until the process ends.
    entered.callback(waiting.clear)

    def imported(_: object) -> None:
        if not waiting:
            return
        waiting.clear()
        events.log.sees(unseen)
        try:
            entered.enter_context(installed([hook], events))
        except Exception as problem:
            # The program's import goes on.
            events.log.failed(f"the hook of {hook.sees}", problem)

    for module in {module for name in hook.names for module in name.modules}:
        wrapt.register_post_import_hook(imported, module)
