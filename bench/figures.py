# SPDX-License-Identifier: Apache-2.0
"""What a benchmark found: one row of the table and of `build/bench.json`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from keyfleet.base import codec


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside its target."""

    name: str
    value: float
    target: str
    """Such as `>= 0.8`; empty where the figure only explains another."""
    ok: bool
    unit: str
    note: str = ""


def at_least(name: str, value: float, limit: float, unit: str, note: str = "") -> Figure:
    """Return a figure that should not be smaller than its limit."""
    return Figure(name, _rounded(value), f">= {limit:g}", value >= limit, unit, note)


def at_most(name: str, value: float, limit: float, unit: str, note: str = "") -> Figure:
    """Return a figure that should not be greater than its limit."""
    return Figure(name, _rounded(value), f"<= {limit:g}", value <= limit, unit, note)


def told(name: str, value: float, unit: str, note: str = "") -> Figure:
    """Return a figure that has no target."""
    return Figure(name, _rounded(value), "", ok=True, unit=unit, note=note)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of rounds that ran side by side."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def span(values: Sequence[float], scale: float = 1.0) -> str:
    """Return median and range, for a note."""
    scaled = sorted(value * scale for value in values)
    return f"{median(scaled):.3g} ({scaled[0]:.3g}-{scaled[-1]:.3g})"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of at least one value."""
    sample = values if len(values) > 1 else [*values] * 2
    return quantiles(sample, n=100, method="inclusive")[percent - 1]


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned lines."""
    rows = [("", "benchmark", "value", "target", "unit", "note")]
    rows += [
        ("ok" if one.ok else "MISSED", one.name, f"{one.value:g}", one.target, one.unit, one.note)
        for one in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def write_json(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(codec.encode_json([asdict(one) for one in figures]) + b"\n")


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
