# SPDX-License-Identifier: Apache-2.0
"""`scratch`: what a template of consul-template notes down for itself, for one render.

Whatever sets a note prints nothing. Source: docs/compat/go-templates.md 19.
"""

from typing import Any, ClassVar, Final

from keyfleet.transform.gotemplate.errors import Data, GoError
from keyfleet.transform.gotemplate.formats.quoting import quoted
from keyfleet.transform.gotemplate.functions.table import ANY, STRING, Table
from keyfleet.transform.gotemplate.run import Run
from keyfleet.transform.gotemplate.values import GoList, GoMap, GoObject, encoded, nil_list

SCRATCH: Final = Table()
_METHODS: Final = Table()


class Scratch(GoObject):
    """The notes of one render."""

    __slots__ = ("notes",)
    go_type: ClassVar[str] = "*template.Scratch"
    methods = _METHODS

    def __init__(self) -> None:
        """Begin without notes."""
        self.notes: dict[str, Any] = {}

    def map(self, name: str) -> dict[str, Any]:
        """Return the note that is a map, a new one without a note.

        Raises:
            GoError: The note is something else.
        """
        found = self.notes.setdefault(name, {})
        if not isinstance(found, dict) or isinstance(found, GoMap):
            raise GoError(Data(quoted(name)), " is not a map")
        return found


@SCRATCH.function("scratch", run=True)
def scratch(run: Run) -> Scratch:
    """Return the notes of this render."""
    found: Scratch = run.scratch.setdefault("scratch", Scratch())
    return found


@_METHODS.function("Key", params=(STRING,))
def has_note(scratch: Scratch, name: str) -> bool:
    """Return whether there is a note of that name."""
    return name in scratch.notes


@_METHODS.function("Get", params=(STRING,))
def note(scratch: Scratch, name: str) -> Any:
    """Return a note, nil without one."""
    return scratch.notes.get(name)


@_METHODS.function("Set", params=(STRING, ANY))
def set_note(scratch: Scratch, name: str, value: Any) -> str:
    """Note something down."""
    scratch.notes[name] = value
    return ""


@_METHODS.function("SetX", params=(STRING, ANY))
def set_note_once(scratch: Scratch, name: str, value: Any) -> str:
    """Note something down unless there is a note of that name."""
    scratch.notes.setdefault(name, value)
    return ""


@_METHODS.function("MapSet", params=(STRING, STRING, ANY))
def set_entry(scratch: Scratch, name: str, key: str, value: Any) -> str:
    """Put something into the map of that name."""
    scratch.map(name)[key] = value
    return ""


@_METHODS.function("MapSetX", params=(STRING, STRING, ANY))
def set_entry_once(scratch: Scratch, name: str, key: str, value: Any) -> str:
    """Put something into the map of that name unless it has the key."""
    scratch.map(name).setdefault(key, value)
    return ""


@_METHODS.function("MapValues", params=(STRING,), run=True)
def entries(run: Run, scratch: Scratch, name: str) -> GoList:
    """Return the values of the map of that name in the order of their keys; nil without one."""
    found = scratch.notes.get(name)
    if not isinstance(found, dict) or isinstance(found, GoMap):
        return nil_list()
    run.walk(len(found))
    return GoList(found[key] for key in sorted(found, key=encoded))
