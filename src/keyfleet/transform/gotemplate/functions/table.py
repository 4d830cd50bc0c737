# SPDX-License-Identifier: Apache-2.0
"""What a template function is: a Python callable, and the Go types of its parameters.

Each family of functions is one file with one `Table`; a function set is a union of tables
(`keyfleet.transform.gotemplate.functions`).

    STRINGS = Table()

    @STRINGS.function("trunc", params=(INT, STRING))
    def trunc(size: int, text: str) -> str:
        ...
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.values import (
    ANY_TYPE,
    INVALID,
    GoList,
    GoMap,
    GoObject,
    nil_list,
    type_of,
)

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Param:
    """The type of a parameter."""

    go_type: str
    accepted: tuple[type, ...]
    """Python types that are taken as they are; empty: every one."""
    nil: Any = INVALID
    """What nil becomes; INVALID where it is refused."""

    def of(self, value: Any) -> Any:
        """Return the value as the function takes it.

        Where Go's type checker refuses a value that means the same (`int64` for `int`,
        `map[string]string` for `map[string]any`), it is taken.

        Raises:
            GoError: It is of another type.
        """
        if value is None or value is INVALID:
            return self._of_nil(value)
        if not self.accepted or type(value) in self.accepted:
            return value
        if isinstance(value, self.accepted) and not isinstance(value, bool):
            return value
        raise GoError(f"wrong type for value; expected {self.go_type}; got {type_of(value)}")

    def _of_nil(self, value: Any) -> Any:
        if self.nil is None:
            return None
        if value is None:  # in an `any`, which is no map or list, not even a nil one
            raise GoError(f"wrong type for value; expected {self.go_type}; got {ANY_TYPE}")
        if self.nil is INVALID:
            raise GoError(f"invalid value; expected {self.go_type}")
        return self.nil()


class AsItIs(Param):
    """What Go's builtins take: they tell a nil apart from no value at all."""

    def of(self, value: Any) -> Any:
        """Return the value."""
        return value


class StringKeyed(Param):
    """A map whose keys are strings; YAML may have others."""

    def of(self, value: Any) -> Any:
        """Return the map.

        Raises:
            GoError: It is none, or its keys are of any type.
        """
        if isinstance(value, GoMap) and value.key != "string":
            raise GoError(f"wrong type for value; expected {self.go_type}; got {type_of(value)}")
        return Param.of(self, value)


VALUE = AsItIs("reflect.Value", ())
ANY = Param(ANY_TYPE, (), nil=None)
STRING = Param("string", (str,))
INT = Param("int", (int,))
INT64 = Param("int64", (int,))
FLOAT = Param("float64", (float,))
BOOL = Param("bool", (bool,))
LIST = Param(f"[]{ANY_TYPE}", (list, GoList), nil=nil_list)
STRINGS = Param("[]string", (list, GoList), nil=lambda: nil_list("string"))
MAP = StringKeyed(f"map[string]{ANY_TYPE}", (dict, GoMap), nil=lambda: GoMap(is_nil=True))
"""A nil map may be read; writing to it panics."""


def struct(kind: type[GoObject], *, go_type: str = "") -> Param:
    """Return the parameter type of one kind of object."""
    return Param(go_type or kind.go_type, (kind,))


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a table, or one method of an object."""

    name: str
    call: Callable[..., Any]
    """Called with the arguments; before them the `Run` if `takes_run`, then a method's object."""
    params: tuple[Param, ...] = ()
    variadic: Param | None = None
    """Of all arguments after `params`."""
    takes_run: bool = False
    is_disabled: bool = False
    """Known and refused: it would leave the sandbox. Calling says so."""

    def param(self, index: int) -> Param:
        """Return the type of an argument; the arity was checked before."""
        return self.params[index] if index < len(self.params) else self.variadic or ANY

    def check_count(self, count: int, *, piped: int = 0) -> None:
        """Refuse a wrong number of arguments.

        Args:
            count: How many are written at the call.
            piped: How many more come from the pipeline: 0 or 1.
        Raises:
            GoError: As Go words it, which leaves out the piped one for variadic functions.
        """
        wanted = len(self.params)
        if self.variadic is not None:
            if count + piped < wanted:
                raise GoError(
                    f"wrong number of args for {self.name}: want at least {wanted} got {count}"
                )
        elif (count := count + piped) != wanted:
            raise GoError(f"wrong number of args for {self.name}: want {wanted} got {count}")


class Table(Mapping[str, Function]):
    """Functions by name."""

    def __init__(self, functions: Mapping[str, Function] | None = None) -> None:
        """Begin, empty or with these."""
        self._functions = dict(functions or {})

    def __getitem__(self, name: str) -> Function:
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def function(
        self,
        *names: str,
        params: tuple[Param, ...] = (),
        variadic: Param | None = None,
        run: bool = False,
    ) -> Callable[[F], F]:
        """Return a decorator that enters a function.

        Args:
            names: Its name and its aliases.
            params: Types of its parameters.
            variadic: Type of the arguments after these.
            run: The function takes the `Run` as its first argument.
        """

        def enter(call: F) -> F:
            for name in names:
                self._functions[name] = Function(name, call, params, variadic, takes_run=run)
            return call

        return enter

    def disable(self, *names: str) -> None:
        """Enter functions that are known and refused."""
        for name in names:
            self._functions[name] = Function(name, _disabled, variadic=ANY, is_disabled=True)

    def union(self, *others: Mapping[str, Function]) -> "Table":
        """Return a table with all of them; later ones replace earlier ones."""
        found = dict(self._functions)
        for other in others:
            found.update(other)
        return Table(found)

    def without(self, *names: str) -> "Table":
        """Return a table without these."""
        return Table({name: f for name, f in self.items() if name not in names})

    def prefixed(self, prefix: str) -> "Table":
        """Return the same functions under longer names."""
        return Table({prefix + n: replace(f, name=prefix + n) for n, f in self.items()})


def _disabled(*_: Any) -> Any:
    raise GoError("function is disabled")
