# SPDX-License-Identifier: Apache-2.0
"""What every provider of stores and every generator promises of whatever tenants declare."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyfleet import builtin
from keyfleet.base.clock import SystemClock
from keyfleet.base.errors import InvalidIntentError, KeyfleetError, NotReadyError
from keyfleet.base.secret import SecretValue
from keyfleet.kube.access import Endpoint
from keyfleet.model.stores import CLUSTER_SECRET_STORE, SECRET_STORE, Store, StoreRef
from keyfleet.plugin.stores import Provider, ProviderMeans, Selector
from keyfleet.testing.canary import canary, find_canary

PROVIDERS = builtin.providers()
GENERATORS = builtin.generators()
ALL: Mapping[str, Provider] = {
    **{f"provider {name}": provider for name, provider in PROVIDERS.items()},
    **{f"generator {name}": provider for name, provider in GENERATORS.items()},
}
SECRET = canary("declared").decode()

FIELDS = (
    *("auth", "authRef", "server", "url", "caBundle", "caProvider", "remoteNamespace", "type"),
    *("token", "bearerToken", "cert", "clientCert", "clientKey", "serviceAccount", "name", "key"),
    *("namespace", "audiences", "data", "value", "valueMap", "version", "validationResult"),
    *("length", "digits", "symbols", "symbolCharacters", "noUpper", "allowRepeat", "encoding"),
    *("secretKeys", "keyType", "keySize", "comment", "kind", "generator", "passwordSpec"),
    *("fakeSpec", "uuidSpec", "sshKeySpec", "vaultDynamicSecretSpec", "path", "provider"),
    *("service", "region", "role", "secretRef", "accessKeyIDSecretRef", "jwt", "prefix"),
    *("additionalRoles", "sessionTags", "secretsManager", "secretAccessKeySecretRef"),
    *("serviceAccountRef", "tokenSecretRef", "appRole", "kubernetes", "mountPath", "userPass"),
    *("username", "roleId", "roleRef", "tls", "headers", "readYourWrites", "resultType", "method"),
)
"""Names that some provider looks at."""
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(
        ("", SECRET, "https://example.com", "SecretsManager", "UUID", "rsa", "\udc80")
    )
    | st.text(max_size=8)
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
)
CONFIGS = st.dictionaries(st.sampled_from(FIELDS), DOCUMENTS, max_size=5)


class NoReferences:
    """A cluster in which nothing exists that a store could name."""

    async def secret(self, selector: Selector, *, path: str, key: str = "") -> SecretValue:
        raise _missing()

    async def authority(self, config: Selector, *, path: str) -> str:
        return ""

    async def token(
        self, selector: Selector, *, audiences: Sequence[str], seconds: int, path: str
    ) -> SecretValue:
        raise _missing()

    async def service_account(self, selector: Selector, *, path: str) -> Mapping[str, str]:
        raise _missing()

    def own_server(self) -> Endpoint | None:
        return None


def _missing() -> NotReadyError:
    return NotReadyError("store.reference_missing", "absent")


def store(name: str, config: Mapping[str, Any], kind: str = SECRET_STORE) -> Store:
    found = ALL[name].name
    if name.startswith("generator"):
        return Store(StoreRef(found, "made", "team"), found, config, "team")
    namespace = "team" if kind == SECRET_STORE else ""
    return Store(StoreRef(kind, "store", namespace), found, config, "team")


def shown(error: BaseException | None) -> str:
    """Return all that an error and those behind it would say."""
    text = ""
    while error is not None:
        text += f"{error!r} {error} {error.args}"
        text += error.diagnostics() if isinstance(error, KeyfleetError) else ""
        error = error.__cause__ or error.__context__
    return text


def test_each_is_listed_under_its_own_name() -> None:
    for listed in (PROVIDERS, GENERATORS):
        assert all(name == provider.name for name, provider in listed.items())


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60)
@given(config=CONFIGS, is_cluster_wide=st.booleans())
def test_refuses_any_declaration_with_a_place_and_without_a_value(
    name: str, config: dict[str, Any], is_cluster_wide: bool
) -> None:
    """Whatever a tenant writes; a field of a login that is no selector may hold a secret."""
    kind = CLUSTER_SECRET_STORE if is_cluster_wide else SECRET_STORE
    try:
        ALL[name].check(store(name, config, kind))
    except InvalidIntentError as error:
        refusal = error
    else:
        return
    assert refusal.code.startswith("store.")
    assert refusal.message
    assert not find_canary(shown(refusal))


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("kind", [SECRET_STORE, CLUSTER_SECRET_STORE])
async def test_opens_nothing_that_it_refuses(name: str, kind: str) -> None:
    means = ProviderMeans(SystemClock(), lambda count: b"\0" * count, lambda *_: None)
    name = f"provider {name}"
    with pytest.raises(InvalidIntentError) as checked:
        ALL[name].check(store(name, {}, kind))
    with pytest.raises(InvalidIntentError) as opened:
        await ALL[name].open(store(name, {}, kind), NoReferences(), means)
    assert (opened.value.code, opened.value.path) == (checked.value.code, checked.value.path)
