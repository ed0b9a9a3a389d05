"""Summary of a run: counts, and whether the way of sharing makes a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from testbed.verdict.verdict import Verdict


def counts(verdicts: Sequence[Verdict]) -> str:
    """The number of cases of each outcome, in one line."""
    good = [verdict for verdict in verdicts if verdict.as_expected]
    failures = sum(verdict.kind == "breaks" for verdict in good)
    parts = {
        "behave": sum(verdict.kind == "behaves" for verdict in good),
        f"failure{'s' * (failures != 1)} shown as documented": failures,
        "skipped": sum(verdict.kind == "skipped" for verdict in good),
        "unexpected": len(verdicts) - len(good),
    }
    shown = [f"{count} {what}" for what, count in parts.items() if count or what == "unexpected"]
    return f"{len(verdicts)} case{'s' * (len(verdicts) != 1)}: {', '.join(shown)}"


def of_several_ways(verdicts: Sequence[Verdict], claims: Mapping[str, str]) -> list[Verdict]:
    """The verdicts on claims that several ways of sharing make, so that ways can be compared.

    Args:
        verdicts: the verdicts of the whole run.
        claims: the claim of each scenario, by its id.
    """
    ways: dict[str, set[str]] = {}
    for verdict in verdicts:
        ways.setdefault(claims.get(verdict.case.scenario, ""), set()).add(verdict.case.script)
    several = {claim for claim, scripts in ways.items() if claim and len(scripts) > 1}
    return [each for each in verdicts if claims.get(each.case.scenario) in several]


def way_against_place(verdicts: Sequence[Verdict], claims: Mapping[str, str]) -> list[str]:
    """Compare the ways of sharing at each site of creation.

    Scenarios of several scripts with the same claim (`returned.counter`, `module_global.counter`)
    differ only in the way of sharing. Returns one line for each claim and site; none for a claim
    that only one way makes.

    Args:
        verdicts: the verdicts of the whole run.
        claims: the claim of each scenario, by its id.
    """
    lines = []
    for claim in dict.fromkeys(claims.values()):
        alike = [verdict for verdict in verdicts if claims.get(verdict.case.scenario) == claim]
        ways = dict.fromkeys(verdict.case.script for verdict in alike)
        if len(ways) < 2:
            continue
        for site in dict.fromkeys(verdict.case.site for verdict in alike):
            at_site = [verdict for verdict in alike if verdict.case.site == site]
            name = at_site[0].case.claim
            lines.append(f"{name} made {site}, shared in {len(ways)} ways: {_outcome(at_site)}")
    return lines


def _outcome(verdicts: Sequence[Verdict]) -> str:
    """The outcomes of all ways, and whether two ways differ on one deployment and mode."""
    if all(verdict.kind == "skipped" for verdict in verdicts):
        return "all cases skipped"
    # A case without a verdict says nothing about the way.
    verdicts = [verdict for verdict in verdicts if verdict.kind in ("behaves", "breaks")]
    if not verdicts:
        return "no case was judged"
    broken = [verdict for verdict in verdicts if verdict.kind != "behaves"]
    by_circumstance: dict[tuple[str, str], set[str]] = {}
    for verdict in verdicts:
        key = (str(verdict.case.deployment), verdict.case.mode)
        by_circumstance.setdefault(key, set()).add(verdict.symptom or verdict.kind)
    agree = all(len(shown) == 1 for shown in by_circumstance.values())
    alike = "every way alike" if agree else "THE WAYS DIFFER"
    if not broken:
        return f"behaves in all {len(verdicts)} cases, {alike}"
    symptoms = ", ".join(dict.fromkeys(verdict.symptom or verdict.kind for verdict in broken))
    return f"breaks in {len(broken)} of {len(verdicts)} cases ({symptoms}), {alike}"
