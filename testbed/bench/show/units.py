"""Formats values and figures with their units."""

from __future__ import annotations

import math

from testbed.bench.figures.figure import METRICS, Figure

_SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")),
    "/s": ((1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")),
    "B": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1.0, "B")),
    "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")),
    "count": ((1.0, ""),),
    "": ((1.0, ""),),
}


def shown(value: float, unit: str) -> str:
    """A value in three digits and a fitting unit: `1.23 ms`; bytes and counts as integers."""
    scales = _SCALES[unit]
    size, name = next((s for s in scales if abs(value) >= s[0] * 0.9995), scales[-1])
    scaled = value / size
    whole = unit in ("B", "count") and scaled == int(scaled)
    return f"{int(scaled) if whole else digits(scaled)} {name}".rstrip()


def digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(value) < 0.9995:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - int(math.log10(max(1.0, abs(value)))))}f}"


def shown_figure(name: str, figure: Figure | None, *, spread: bool = False) -> str:
    """A figure of a metric, or a dash; with `spread` also half its interval."""
    if figure is None:
        return "-"
    text = shown(figure.value, METRICS[name].unit)
    # A single round has no interval.
    return f"{text} ±{figure.spread:.0%}" if spread and len(figure.rounds) > 1 else text
