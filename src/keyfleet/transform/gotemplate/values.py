# SPDX-License-Identifier: Apache-2.0
"""Go's values as Python objects, and their types' names.

| Go | Python |
| --- | --- |
| `string` | `str`: UTF-8 decoded with `surrogateescape`, so that invalid bytes survive |
| `[]byte` | `bytes` |
| `int` | `int`; `Int64`, `Uint8` ... are subclasses |
| `float64`, `complex128`, `bool` | `float`, `complex`, `bool` |
| `[]any`, `[]string` | `list`; `GoList` with its element's type |
| `map[string]any`, `map[string]string` | `dict`; `GoMap` with its key's and element's types |
| nil in an interface | `None` |
| no value at all | `INVALID` |
| structs and pointers to them | `GoObject` |

Lists and maps may be changed by templates (`set`): every render works on its own copy.
Source: docs/compat/go-templates.md 3.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

ANY_TYPE = "interface {}"


class Invalid:
    """No value: a missing key, a field of nothing, an argument that is not there."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Final = Invalid()


class SizedInt(int):
    """An integer of a Go type other than `int`; wraps around like it."""

    __slots__ = ()
    go_type: ClassVar[str]
    bits: ClassVar[int]
    is_signed: ClassVar[bool]

    @classmethod
    def wrap(cls, number: int) -> "SizedInt":
        """Return the number modulo 2**bits, in the type's range."""
        return cls(wrapped(number, cls.bits, is_signed=cls.is_signed))


class Int64(SizedInt):
    """`int64`."""

    __slots__ = ()
    go_type, bits, is_signed = "int64", 64, True


class Int32(SizedInt):
    """`int32`."""

    __slots__ = ()
    go_type, bits, is_signed = "int32", 32, True


class Uint8(SizedInt):
    """`uint8`, also known as byte."""

    __slots__ = ()
    go_type, bits, is_signed = "uint8", 8, False


class Uint32(SizedInt):
    """`uint32`."""

    __slots__ = ()
    go_type, bits, is_signed = "uint32", 32, False


class Uint64(SizedInt):
    """`uint64`."""

    __slots__ = ()
    go_type, bits, is_signed = "uint64", 64, False


class Uint(SizedInt):
    """`uint`."""

    __slots__ = ()
    go_type, bits, is_signed = "uint", 64, False


class JsonNumber(str):
    """`json.Number`: a number kept as the digits it was written with; of kind string."""

    __slots__ = ()


class GoList(list[Any]):
    """A slice whose elements have a type of their own, or one that is nil."""

    __slots__ = ("element", "is_nil")

    def __init__(
        self, items: Iterable[Any] = (), element: str = ANY_TYPE, *, is_nil: bool = False
    ) -> None:
        """Make a `[]element`; a nil slice is empty, prints as `[]` and is `null` in JSON."""
        super().__init__(items)
        self.element = element
        self.is_nil = is_nil


class GoMap(dict[Any, Any]):
    """A map whose keys or elements have types of their own, or one that is nil."""

    __slots__ = ("element", "is_nil", "key")

    def __init__(
        self,
        items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (),
        element: str = ANY_TYPE,
        *,
        key: str = "string",
        is_nil: bool = False,
    ) -> None:
        """Make a `map[key]element`."""
        super().__init__(items)
        self.element = element
        self.key = key
        self.is_nil = is_nil


class GoObject:
    """A struct, or a pointer to one; templates see only what `fields` and `methods` list."""

    __slots__ = ()
    go_type: ClassVar[str]
    """As `%T` prints it, with a `*` where it is a pointer."""
    methods: ClassVar[Mapping[str, Any]] = {}
    """A `Table` by name: each is called with the object, then with what its `params` say."""

    def fields(self) -> Mapping[str, Any]:
        """Return the exported fields in order, those of embedded structs too."""
        return {}

    def go_string(self) -> str | None:
        """Return what `String()` gives, None without such a method."""
        return None

    def underlying(self) -> Any:
        """Return the plain value that a type such as `net.IP` is of; a struct is itself."""
        return self

    def json_value(self) -> Any:
        """Return the Go value that JSON shows in its place; itself for the fields of a struct."""
        return self.underlying()


class GoSequence(GoObject):
    """What `range` takes from one by one, with positions as its first variable: a channel."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        """Return what is left; nobody gets a value twice."""
        raise NotImplementedError


def strings(items: Iterable[str]) -> GoList:
    """Return a `[]string`."""
    return GoList(items, "string")


def string_map(items: Mapping[str, str]) -> GoMap:
    """Return a `map[string]string`."""
    return GoMap(items, "string")


def nil_list(element: str = ANY_TYPE) -> GoList:
    """Return a nil slice."""
    return GoList((), element, is_nil=True)


_TYPES: Final[Mapping[type, tuple[str, str]]] = {
    str: ("string", "string"),
    int: ("int", "int"),
    bool: ("bool", "bool"),
    float: ("float64", "float64"),
    complex: ("complex128", "complex128"),
    bytes: ("[]uint8", "slice"),
    list: (f"[]{ANY_TYPE}", "slice"),
    dict: (f"map[string]{ANY_TYPE}", "map"),
    type(None): ("<nil>", "invalid"),
    Invalid: ("<nil>", "invalid"),
    JsonNumber: ("json.Number", "string"),
    **{kind: (kind.go_type, kind.go_type) for kind in (Int64, Int32, Uint8, Uint32, Uint64, Uint)},
}


def type_of(value: Any) -> str:
    """Return the name of the value's type, as `%T` prints it."""
    found = _TYPES.get(type(value))
    if found is not None:
        return found[0]
    if isinstance(value, GoList):
        return f"[]{value.element}"
    if isinstance(value, GoMap):
        return f"map[{value.key}]{value.element}"
    return str(value.go_type)


def kind_of(value: Any) -> str:
    """Return the name of the value's kind, as `reflect.Kind` prints it."""
    found = _TYPES.get(type(value))
    if found is not None:
        return found[1]
    if isinstance(value, GoList):
        return "slice"
    if isinstance(value, GoMap):
        return "map"
    return str(getattr(value, "go_kind", "ptr" if value.go_type.startswith("*") else "struct"))


def element_of(container: list[Any] | dict[Any, Any]) -> str:
    """Return the type of a list's or map's elements."""
    return container.element if isinstance(container, GoList | GoMap) else ANY_TYPE


_ZEROS: Final[Mapping[str, Any]] = {"string": "", "int": 0, "float64": 0.0, "bool": False}


def zero_of(go_type: str) -> Any:
    """Return the zero value of a type; None for interfaces, pointers and what has no own here."""
    if go_type.startswith("[]"):
        return nil_list(go_type[2:])
    return _ZEROS.get(go_type)


def wrapped(number: int, bits: int = 64, *, is_signed: bool = True) -> int:
    """Return the number as an integer of that width holds it after an overflow.

    >>> wrapped(2**63)
    -9223372036854775808
    """
    number &= (1 << bits) - 1
    return number - (1 << bits) if is_signed and number >> (bits - 1) else number


def encoded(text: str) -> bytes:
    """Return the bytes of a Go string."""
    return text.encode("utf-8", "surrogateescape")


def decoded(raw: bytes) -> str:
    """Return the Go string of these bytes."""
    return raw.decode("utf-8", "surrogateescape")


def joined(*pieces: str) -> str:
    """Concatenate; two halves of a character become that character again."""
    text = "".join(pieces)
    return text if text.isascii() else decoded(encoded(text))


def length(text: str) -> int:
    """Return a Go string's length, in bytes."""
    return len(text) if text.isascii() else len(encoded(text))
