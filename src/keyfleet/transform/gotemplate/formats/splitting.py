# SPDX-License-Identifier: Apache-2.0
"""Splitting strings at separators as Go's `strings.SplitN`.

Source: docs/compat/go-templates.md 16.1.
"""

from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import decoded, encoded


def split(run: Run, text: str, separator: str, limit: int = -1) -> list[str]:
    """Return the pieces between the separators.

    Args:
        run: Pays for them.
        text: What to split.
        separator: Empty: between all characters.
        limit: The last of so many pieces is all that is left; 0 gives none, -1 all.
    Raises:
        BudgetError: They are too many.
    """
    if limit == 0:
        return []
    if not separator:
        return _characters(run, text, limit)
    raw, mark = encoded(text), encoded(separator)
    cuts = raw.count(mark) if limit < 0 else min(raw.count(mark), limit - 1)
    run.will_hold(cuts + 1)
    return [decoded(piece) for piece in raw.split(mark, cuts)]


def _characters(run: Run, text: str, limit: int) -> list[str]:
    count = len(text) if limit < 0 else min(len(text), limit)
    run.will_hold(count)
    run.walk(count)
    if count == len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]]
