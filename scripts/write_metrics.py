# SPDX-License-Identifier: Apache-2.0
"""Write docs/reference/metrics.md from the metric families in the source.

Dashboards and alerts rely on names and labels, so the page is kept by this script and not by hand.
`--check` fails when the page is stale.
"""

from pathlib import Path

from keyfleet.observe.families import FAMILIES, Family

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "metrics.md"
HEAD = """\
# Metrics

Written by `make docs` from `src/keyfleet/observe/families.py`. `keyfleet run` serves them at
`/metrics` of `--listen`, as Prometheus text or OpenMetrics. No label ever holds the name of a
secret, a namespace or an intent, but those of the `externalsecret_` family: they have the names and
the meaning that users' alerts on External Secrets rely on, and `cluster` besides. The series of a
cluster go when it leaves the fleet. Beside these there are the usual `process_*` series.

| metric | kind | labels | meaning |
|---|---|---|---|
"""
LABELS = """
## Labels

| label | values |
|---|---|
| `cluster` | name of the cluster in the fleet |
| `verb` | of requests: `get list watch create update patch delete other`; of steps those of plans |
| `code` | HTTP status, `0` when no answer came |
| `state` | of steps: the states of `status`; of watches: `listing live failed` |
| `resource` | `plural.group` of the watched kind |
| `path` | of the sealing API: `/v1/cert.pem /v1/verify /v1/rotate`, whatever stands before it |
| `method` | HTTP method |
"""


def row(family: Family) -> str:
    """Return one line of the table."""
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.name}` | {family.kind} | {labels} | {family.meaning} |\n"


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(row(family) for family in FAMILIES) + LABELS


def main() -> None:
    """Write the page; a test fails when it is stale."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
