# SPDX-License-Identifier: Apache-2.0
"""Add an entry to the resources of a kustomization; all else stays as it was written.

Whatever is written is read back first: it says the same as before and the entry, or nothing is
written.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import normpath
from typing import Any

from keyfleet.base import codec
from keyfleet.base.codec import Span, YamlDocument
from keyfleet.base.errors import InvalidInputError

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize looks for in a folder, in this order."""
NEW = "kustomization.yml"

_HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
_MARK = "\ufeff"
_DASH = re.compile(r"[ ]*-[ ]+")


def new_kustomization(entries: Sequence[str]) -> bytes:
    """Return a kustomization with these resources."""
    return (_HEAD + "".join(f"  - {entry}\n" for entry in entries)).encode()


def with_resource(raw: bytes, entry: str, subject: str) -> bytes:
    """Return a kustomization with one more resource; the same bytes where it has it already.

    Args:
        raw: The file.
        entry: A plain file or folder name.
        subject: The file's name, for people.

    Raises:
        InvalidInputError: It is no kustomization, or written so that it cannot be added to.
    """
    documents = codec.decode_yaml(raw, subject=subject)
    content = documents[0].content if documents else {}
    listed = content.get("resources") or [] if isinstance(content, dict) else None
    if len(documents) > 1 or not isinstance(listed, list):
        raise _uneditable(subject, entry)
    if any(isinstance(each, str) and normpath(each) == entry for each in listed):
        return raw
    text = raw.decode()
    mark = _MARK if text.startswith(_MARK) else ""
    wanted = {**content, "resources": [*listed, entry]}
    for found in _candidates(text.removeprefix(mark), documents, listed, entry):
        edited = f"{mark}{found}".encode()
        if _says(edited, wanted):
            return edited
    raise _uneditable(subject, entry)


def _candidates(
    text: str, documents: Sequence[YamlDocument], listed: Sequence[Any], entry: str
) -> Iterator[str]:
    """Yield what may be the text with the entry, the likeliest first."""
    end = "\r\n" if "\r\n" in text else "\n"
    spans = documents[0].spans if documents else {}
    whole = spans.get(("resources",))
    if listed:
        yield from _behind_last(text, spans[("resources", len(listed) - 1)], entry, end)
    if whole is not None:
        yield from _into_flow(text, whole, entry)
        if not listed:
            yield _inserted(text, _line_end(text, whole.start), f"  - {entry}", end)
    else:
        yield _inserted(text, len(text), f"resources:{end}  - {entry}", end)


def _behind_last(text: str, last: Span, entry: str, end: str) -> Iterator[str]:
    start = text.rfind("\n", 0, last.start) + 1
    if prefix := _DASH.match(text, start):
        # A block scalar ends behind its line, anything else on it.
        at = last.end - 1 if text[last.end - 1] == "\n" else last.end
        yield _inserted(text, _line_end(text, at), f"{prefix[0]}{entry}", end)


def _into_flow(text: str, whole: Span, entry: str) -> Iterator[str]:
    at = whole.end - 1
    if text[at : at + 1] == "]":
        body = text[:at].rstrip()
        gap = text[len(body) : at]
        comma = "" if body.endswith("[") else ","
        space = "" if body.endswith("[") else " "
        yield f"{body}{comma}{space}{entry}{gap}{text[at:]}"
        yield f"{body} {entry}{gap}{text[at:]}"
    elif whole.style is not None:
        yield f"{text[: whole.start]}[{entry}]{text[whole.end :]}"


def _inserted(text: str, at: int, line: str, end: str) -> str:
    """Return the text with a line behind the one that ends at a position."""
    before, after = text[:at], text[at:]
    gap = "" if not before or before.endswith("\n") else end
    return f"{before}{gap}{line}{end}{after}"


def _line_end(text: str, at: int) -> int:
    """Return where the line behind that of a position begins."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _says(raw: bytes, wanted: Mapping[str, Any]) -> bool:
    try:
        found = codec.decode_yaml(raw, subject="")
    except InvalidInputError:
        return False
    return len(found) == 1 and found[0].content == wanted


def _uneditable(subject: str, entry: str) -> InvalidInputError:
    hint = f"add {entry} to its resources by hand"
    return InvalidInputError(
        "sealing.kustomization", "the kustomization cannot be added to", subject, hint
    )
