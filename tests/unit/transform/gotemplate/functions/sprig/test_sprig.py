# SPDX-License-Identifier: Apache-2.0
"""The whole set."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.transform.gotemplate.runs import a_run

from keyfleet.transform.gotemplate.errors import GoError
from keyfleet.transform.gotemplate.functions.sprig import table
from keyfleet.transform.gotemplate.functions.table import Function

NAMES = """
    abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc
    b64dec b64enc base bcrypt biggest buildCustomCert camelcase cat ceil chunk clean coalesce
    compact concat contains date dateInZone dateModify date_in_zone date_modify decryptAES
    deepCopy deepEqual default derivePassword dict dig dir div divf duration durationRound
    empty encryptAES ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey
    genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get has
    hasKey hasPrefix hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials
    int int64 isAbs join kebabcase keys kindIs kindOf last list lower max maxf merge
    mergeOverwrite min minf mod mul mulf mustAppend mustChunk mustCompact mustDateModify
    mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge
    mustMergeOverwrite mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch
    mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse
    mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout
    must_date_modify nindent nospace now omit osBase osClean osDir osExt osIsAbs pick pluck
    plural prepend push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric
    regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral
    regexSplit repeat replace rest reverse round semver semverCompare seq set sha1sum
    sha256sum sha512sum shuffle slice snakecase sortAlpha split splitList splitn squote sub
    subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString
    toStrings trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf
    uniq unixEpoch unset until untilStep untitle upper urlJoin urlParse uuidv4 values without
    wrap wrapWith
"""
"""Of sprig v3.3.0, without `env`, `expandenv` and `getHostByName`."""
SLOW = ("bcrypt", "derivePassword", "htpasswd", "gen", "buildCustomCert")

texts = st.text(max_size=8) | st.binary(max_size=4).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def test_has_the_names_of_sprig() -> None:
    assert set(table()) == set(NAMES.split())


def quick_functions() -> list[str]:
    return sorted(name for name in table() if not name.startswith(SLOW))


def arguments_of(function: Function) -> st.SearchStrategy[tuple[object, ...]]:
    kinds = {
        "string": texts,
        "int": st.integers(-20, 20) | st.integers(-(2**63), 2**63 - 1),
        "float64": st.floats(),
        "bool": st.booleans(),
        "map[string]interface {}": st.dictionaries(texts, values, max_size=3),
    }
    fixed = st.tuples(*(kinds.get(param.go_type, values) for param in function.params))
    if function.variadic is None:
        return fixed
    more = st.lists(kinds.get(function.variadic.go_type, values), max_size=3).map(tuple)
    return st.tuples(fixed, more).map(lambda both: both[0] + both[1])


@settings(max_examples=500)
@given(st.sampled_from(quick_functions()), st.data())
def test_gives_a_value_or_an_error_of_go(name: str, data: st.DataObject) -> None:
    """No function lets anything of Python's out, whatever it is given."""
    function = table()[name]
    arguments = data.draw(arguments_of(function))
    with suppress(GoError):
        taken = [function.param(index).of(value) for index, value in enumerate(arguments)]
        run = a_run()
        function.call(run, *taken) if function.takes_run else function.call(*taken)
