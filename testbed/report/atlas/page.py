"""The atlas as a page: one file that contains all it shows and loads nothing.

Its parts are the files in the folder `page` beside this module.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from testbed.catalogue.symptoms import SYMPTOMS
from testbed.report.atlas.atlas import Atlas, AtlasCell
from testbed.report.formats.page import PARTS, PageParts, assemble
from testbed.report.formats.page_data import Pool

_OWN = Path(__file__).with_suffix("")

_PARTS = PageParts(
    _OWN / "atlas.html",
    [PARTS / "base.css", _OWN / "atlas.css"],
    [PARTS / "dom.js", *(_OWN / name for name in ("state.js", "search.js", "rows.js", "atlas.js"))],
)


def page_of_atlas(atlas: Atlas) -> str:
    """The page of an atlas."""
    return assemble(atlas_data(atlas), _PARTS)


def atlas_data(atlas: Atlas) -> dict[str, Any]:
    """All data of the page. Equal outcomes are stored once, and versions are numbers."""
    texts, outcomes = Pool(), Pool()
    number = {each.name: index for index, each in enumerate(atlas.versions)}

    def cell(of: AtlasCell) -> list[Any]:
        spans = [
            [
                number[each.first],
                number[each.last],
                outcomes.number([each.verdict, each.symptom or "", each.exception]),
                [texts.number(text) for text in each.evidence],
            ]
            for each in of.outcomes
        ]
        return [of.scenario, str(of.case.deployment), of.strategy, of.site, of.mode, spans]

    return {
        "device": atlas.device,
        "versions": [{**asdict(each), "short": _short(each.name)} for each in atlas.versions],
        "symptoms": {name: symptom.meaning for name, symptom in SYMPTOMS.items()},
        "scenarios": [asdict(each) for each in atlas.scenarios],
        "cells": list(map(cell, atlas.cells)),
        "outcomes": outcomes.things,
        "texts": texts.things,
    }


def _short(name: str) -> str:
    """A version without its bug-fix number: `2.15` of `2.15.1`."""
    return re.sub(r"^(\d+\.\d+)\.\d+(?=$| )", r"\1", name)
