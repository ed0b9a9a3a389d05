"""Draws the plots of a benchmark with matplotlib (the extra `plots`) as SVG or PNG."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Sequence
from typing import Any

from testbed.bench.figures.figure import Row
from testbed.bench.record import BenchRecord
from testbed.bench.show.headlines import label
from testbed.bench.show.tables import collective
from testbed.bench.show.units import shown
from testbed.errors import UsageError

# Distinct without colour, too: by marker, and in this order by lightness.
_COLOURS = ("#0b5cad", "#d9730d", "#2e7d32", "#8e44ad", "#b03a2e", "#5d6d7e")
_MARKERS = "osD^vP"
# Readable on white and on black: the page may be light or dark.
_INK = "#7a7f87"

Plot = Callable[[BenchRecord], Any]


def require_matplotlib() -> None:
    """Check that plots can be drawn.

    Raises:
        UsageError: matplotlib is missing.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            "plots need matplotlib: python -m pip install 'tf-scope-testbed[plots]',"
            " or leave out --plots"
        )


def draw(record: BenchRecord, form: str = "svg") -> dict[str, bytes]:
    """The bytes of an image file for each plot with rows in the record, by its name."""
    return {name: _image(plot(record), form) for name, plot in _plots(record).items()}


def _plots(record: BenchRecord) -> dict[str, Plot]:
    wanted: dict[str, Plot] = {
        "sharing": _latency,
        "scaling": _efficiency,
        "wire": _bandwidth,
    }
    return {part: plot for part, plot in wanted.items() if record.of(part)}


def _figure(count: int, width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0.0)
    for axes in [figure.add_subplot(1, count, number + 1) for number in range(count)]:
        axes.patch.set_alpha(0.0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(_INK)
        axes.tick_params(colors=_INK, which="both")
        axes.grid(visible=True, color=_INK, alpha=0.25, linewidth=0.6)
        axes.set_axisbelow(True)
        for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
            text.set_color(_INK)
    return figure


def _image(figure: Any, form: str) -> bytes:
    import matplotlib as mpl

    # The same record gives the same file: no date, and no random ids in it.
    with mpl.rc_context({"svg.hashsalt": "testbed", "svg.fonttype": "none"}):
        buffer = io.BytesIO()
        figure.savefig(
            buffer, format=form, dpi=150, metadata={"Date": None} if form == "svg" else {}
        )
    return buffer.getvalue()


def _logarithmic(axes: Any, direction: str, unit: str) -> None:
    """Make an axis logarithmic, with ticks at round values."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    base = 2.0 if unit == "B" else 10.0
    getattr(axes, f"set_{direction}scale")("log", base=base)
    axes.autoscale_view()
    axis = getattr(axes, f"{direction}axis")
    low, high = axis.get_view_interval()
    # An axis of one or two decades has room for ticks between the powers of ten.
    near = base == 10 and high / low < 200
    axis.set_major_locator(LogLocator(base, subs=(1, 2, 5) if near else (1,), numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, unit)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    if near and direction == "x":
        axes.tick_params(axis="x", labelsize=8)


_Bars = tuple[list[float], list[list[float]]]


def _bars(row_figures: Sequence[Any], scale: float) -> _Bars:
    """Values, and how far their intervals reach below and above them."""
    values = [each.value * scale for each in row_figures]
    # A record from elsewhere may have an interval outside its value; matplotlib rejects that.
    below = [max(0.0, each.value - each.low) * scale for each in row_figures]
    above = [max(0.0, each.high - each.value) * scale for each in row_figures]
    return values, [below, above]


def _latency(record: BenchRecord) -> Any:
    """Step time by way of sharing: outside the scope and in it, a panel for each deployment."""
    rows = record.of("sharing")
    deployments = list(dict.fromkeys(row.deployment for row in rows))
    ways = list(dict.fromkeys(label(row) for row in rows))
    figure = _figure(len(deployments), 3.4 * len(deployments) + 1.6, 0.34 * len(ways) + 1.6)
    for number, (axes, deployment) in enumerate(zip(figure.axes, deployments, strict=True)):
        for style, site in enumerate(dict.fromkeys(row.site for row in rows)):
            here = [row for row in rows if (row.deployment, row.site) == (deployment, site)]
            values, reach = _bars([row.figures["step_p50"] for row in here], 1.0)
            axes.errorbar(
                values,
                [ways.index(label(row)) + 0.16 * (1 if style else -1) for row in here],
                xerr=reach,
                fmt=_MARKERS[style],
                color=_COLOURS[style],
                markersize=5,
                label=site.replace("_", " "),
            )
        axes.set_title(deployment, fontsize=10)
        _logarithmic(axes, "x", "s")
        axes.set_xlabel("a step, median")
        axes.set_yticks(range(len(ways)), ways if number == 0 else [""] * len(ways))
        axes.set_ylim(len(ways) - 0.5, -0.5)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), ncols=2, **_LEGEND)
    return figure


def _efficiency(record: BenchRecord) -> Any:
    """Efficiency by replicas; no point if replicas must share cores or GPUs."""
    rows = [row for row in record.of("scaling") if "efficiency" in row.figures]
    figure = _figure(1, 6.4, 3.8)
    (axes,) = figure.axes
    lines = _grouped(rows, lambda row: f"{label(row)}, {row.strategy}")
    for style, (name, line) in enumerate(lines.items()):
        bars = _bars([row.figures["efficiency"] for row in line], 100)
        _draw_line(axes, [row.in_sync for row in line], bars, style, label=name)
    axes.axhline(100, color=_INK, linewidth=0.8, linestyle="--")
    counts = sorted({row.in_sync for row in rows})
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set_xlabel("replicas")
    axes.set_ylabel("% of perfect scaling")
    axes.set_ylim(bottom=0)
    figure.legend(*axes.get_legend_handles_labels(), ncols=2, **_LEGEND)
    return figure


def _grouped(rows: Sequence[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(name(row), []).append(row)
    return lines


def _draw_line(axes: Any, x: Sequence[float], bars: _Bars, style: int, **more: Any) -> None:
    values, reach = bars
    style %= len(_MARKERS)
    axes.errorbar(x, values, yerr=reach, marker=_MARKERS[style], color=_COLOURS[style], **more)


def _bandwidth(record: BenchRecord) -> Any:
    """Bus bandwidth by size, with the limit of the machine as a dashed line."""
    rows = record.of("wire")
    deployments = list(dict.fromkeys(row.deployment for row in rows))
    names = sorted({collective(row) for row in rows})
    figure = _figure(len(deployments), 4.2 * len(deployments) + 0.8, 4.0)
    for axes, deployment in zip(figure.axes, deployments, strict=True):
        here = [row for row in rows if row.deployment == deployment]
        for name, line in _grouped(here, collective).items():
            sizes = [row.sizes["bytes"] for row in line]
            bars = _bars([row.figures["busbw"] for row in line], 1.0)
            _draw_line(axes, sizes, bars, names.index(name), label=name, markersize=4)
        limit, carrier = record.limit
        axes.axhline(limit, color=_INK, linestyle="--", linewidth=1)
        _logarithmic(axes, "x", "B")
        _logarithmic(axes, "y", "B/s")
        axes.set_title(deployment, fontsize=10)
        axes.set_xlabel("message")
        axes.set_ylabel(f"bus bandwidth; dashed: {carrier}")
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        found, names = axes.get_legend_handles_labels()
        handles |= dict(zip(names, found, strict=True))
    figure.legend(handles.values(), handles.keys(), ncols=3, **_LEGEND)
    return figure


_LEGEND: dict[str, Any] = {
    "loc": "outside upper center",
    "frameon": False,
    "labelcolor": _INK,
    "fontsize": 9,
}
