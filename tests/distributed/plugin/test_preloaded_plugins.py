"""Installed plugins of pytest, which the server imports before it forks workers."""

from __future__ import annotations

import pytest

from tests.distributed.plugin.conftest import Suite

_MODULE = """
    import os
    import fake_plugin
    import pytest
    from _pytest.assertion.rewrite import AssertionRewritingHook

    @pytest.mark.distributed("default")
    def test_marked(bed):
        assert ({inside} == (fake_plugin.IMPORTED_BY == os.getpid()))
        assert isinstance(fake_plugin.__loader__, AssertionRewritingHook)
        import fake_helper
        assert isinstance(fake_helper.__loader__, AssertionRewritingHook)
    """

_PLUGIN = """
    import os, sys, threading
    IMPORTED_BY = os.getpid()

    def pytest_configure(config):
        assert config
        sys.stderr.write("fake plugin configured\\n")
    """

_THREAD = "    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"


@pytest.fixture
def install(pytester: pytest.Pytester) -> None:
    """Write the metadata of a package that has a plugin."""
    info = pytester.mkdir("fake-1.0.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pytest11]\nfake = fake_plugin\n")
    (info / "RECORD").write_text(
        "fake_plugin.py,,\nfake_helper.py,,\nfake-1.0.dist-info/RECORD,,\n"
    )


def _passes(own_suite: Suite, plugin: str, *, inside: bool, arguments: tuple[str, ...]) -> None:
    """Run a marked test that requires that the plugin was imported inside its worker, or not.

    It imports another module of the plugin's package itself.
    """
    result = own_suite(
        _MODULE.format(inside=inside), *arguments, "-rA", fake_plugin=plugin, fake_helper=""
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines("*fake plugin configured*")
    result.stdout.no_fnmatch_line("*cannot be rewritten*")


@pytest.mark.usefixtures("install")
def test_a_worker_finds_a_plugin_imported_and_its_assertions_rewritten(own_suite: Suite) -> None:
    """Its import is done once, and not in each worker."""
    _passes(own_suite, _PLUGIN, inside=False, arguments=())


@pytest.mark.usefixtures("install")
def test_plugins_are_not_imported_for_a_selection(own_suite: Suite) -> None:
    """The server then starts later, with what every server imports."""
    _passes(own_suite, _PLUGIN, inside=True, arguments=("-k", "marked"))


@pytest.mark.usefixtures("install")
@pytest.mark.parametrize("when", ["True", "'tensorflow' in sys.modules"])
def test_a_plugin_that_starts_a_thread_is_imported_by_workers(own_suite: Suite, when: str) -> None:
    """A server with a thread cannot fork; where it starts only there, another server follows."""
    plugin = f"{_PLUGIN}\n    if {when}:\n    {_THREAD}"
    _passes(own_suite, plugin, inside=True, arguments=())
