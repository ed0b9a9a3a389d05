"""The request for huge pages, which only the preloaded server gets."""

from __future__ import annotations

import os

import pytest

from testbed.launcher.machine.heap import hide_request, huge_pages

_OWN = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=3"}


def test_the_request_is_hidden_once_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that a program starts do not inherit it."""
    asked = huge_pages({"HOME": "/home/me"})
    assert "hugetlb" in asked["GLIBC_TUNABLES"]
    monkeypatch.setattr(os, "environ", {"HOME": "/home/me", **asked})
    hide_request()
    assert os.environ == {"HOME": "/home/me"}


def test_tunables_of_the_user_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be about huge pages, too; and programs inherit them."""
    assert huge_pages(_OWN) == {}
    monkeypatch.setattr(os, "environ", dict(_OWN))
    hide_request()
    assert os.environ == _OWN
