# SPDX-License-Identifier: Apache-2.0
"""Which keys the answers of stores may have, and how others are made so.

Letters and numbers are Unicode's: an accented letter passes here, and the API server refuses it.
Source: docs/compat/eso.md, "Assembly".
"""

from collections.abc import Callable, Mapping
from typing import Final
from unicodedata import category

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.model.assembly import Conversion
from keyfleet.transform.assembly.faults import about
from keyfleet.transform.keys import shown

KEY_MAX_BYTES: Final = 253
_PUNCTUATION: Final = frozenset("-._")
_STRANGER: Final = 0xFFFD


def converted(
    values: Mapping[str, SecretValue], conversion: Conversion, *, place: str
) -> dict[str, SecretValue]:
    """Return the values under keys without foreign characters.

    Raises:
        TransformError: `transform.key_collision`: two keys become one.
    """
    found: dict[str, SecretValue] = {}
    convert = _CONVERTERS[conversion]
    for key, value in values.items():
        name = convert(key)
        if name in found:
            raise TransformError(
                "transform.key_collision",
                "two keys become the same when they are converted",
                about(place, name),
                "rename one of them with rewrite, or set conversionStrategy: Unicode",
                key=shown(name),
            )
        found[name] = value
    return found


def validated(values: Mapping[str, SecretValue], *, place: str) -> dict[str, SecretValue]:
    """Return the values without that of an empty key.

    Raises:
        TransformError: `transform.key_invalid`: longer than 253 bytes, or foreign characters.
    """
    if refused := [key for key in values if not _is_valid(key)]:
        raise TransformError(
            "transform.key_invalid",
            "keys that no Secret may have",
            about(place, *refused),
            "change them with rewrite, or with conversionStrategy",
            key=shown(min(refused)),
        )
    return {key: value for key, value in values.items() if key}


def _is_valid(key: str) -> bool:
    if len(key.encode("utf-8", "surrogatepass")) > KEY_MAX_BYTES:
        return False
    return all(map(_is_fine, key))


def _is_fine(character: str) -> bool:
    return character in _PUNCTUATION or category(character)[0] in "LN"


def _underscored(key: str) -> str:
    return "".join(each if _is_fine(each) else "_" for each in key)


def _spelled_out(key: str) -> str:
    return "".join(each if _is_fine(each) else f"_U{_code(each):04x}_" for each in key)


def _code(character: str) -> int:
    code = ord(character)
    return _STRANGER if 0xD800 <= code < 0xE000 else code


_CONVERTERS: Final[Mapping[Conversion, Callable[[str], str]]] = {
    Conversion.DEFAULT: _underscored,
    Conversion.UNICODE: _spelled_out,
}
