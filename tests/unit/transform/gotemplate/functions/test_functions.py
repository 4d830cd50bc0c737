# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.sources import BUILTINS

from keyfleet.transform.gotemplate.functions import NAMES, function_set

GO = frozenset(BUILTINS)


@pytest.mark.parametrize("name", NAMES)
def test_every_set_has_go_s_builtins(name: str) -> None:
    assert set(function_set(name)) >= GO


def test_the_core_has_nothing_else() -> None:
    assert set(function_set("core")) == GO


def test_sprig_s_slice_replaces_the_builtin() -> None:
    assert function_set("sprig")["slice"] is not function_set("core")["slice"]


def test_external_secrets_have_all_of_sprig() -> None:
    assert set(function_set("eso")) > set(function_set("sprig"))
    assert set(function_set("sealedsecrets")) == set(function_set("sprig"))


@pytest.mark.parametrize("name", ["env", "expandenv", "getHostByName"])
def test_what_leaves_the_sandbox_is_not_there(name: str) -> None:
    assert not any(name in function_set(one) for one in ("core", "sprig", "eso", "sealedsecrets"))


def test_other_sets_do_not_exist() -> None:
    with pytest.raises(KeyError):
        function_set("jinja")
