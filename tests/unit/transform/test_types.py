# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.base.errors import TransformError
from keyfleet.base.secret import SecretValue
from keyfleet.transform.types import check_type

VALUE = b"kf-canary-value"
DOCKER_JSON = "kubernetes.io/dockerconfigjson"


def _values(**values: bytes) -> dict[str, SecretValue]:
    return {key.replace("__", "."): SecretValue(value) for key, value in values.items()}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("Opaque", {}),
        ("example.com/anything", {}),
        ("kubernetes.io/tls", _values(tls__crt=VALUE, tls__key=VALUE)),
        ("kubernetes.io/tls", _values(tls__crt=b"", tls__key=b"", ca__crt=VALUE)),
        ("kubernetes.io/basic-auth", _values(username=VALUE)),
        ("kubernetes.io/basic-auth", _values(password=b"")),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": SecretValue(VALUE)}),
        (DOCKER_JSON, _values(__dockerconfigjson=b'{"auths": {}}')),
        (DOCKER_JSON, _values(__dockerconfigjson=b"null")),
        ("kubernetes.io/dockercfg", _values(__dockercfg=b"{}")),
    ],
)
def test_accepts_what_an_api_server_accepts(kind: str, values: dict[str, SecretValue]) -> None:
    check_type(kind, values)


@pytest.mark.parametrize(
    ("kind", "values", "code", "key"),
    [
        ("kubernetes.io/tls", _values(tls__crt=VALUE), "type_key", "tls.key"),
        ("kubernetes.io/tls", _values(tls__key=VALUE), "type_key", "tls.crt"),
        ("kubernetes.io/basic-auth", {}, "type_key", "username or password"),
        ("kubernetes.io/ssh-auth", {}, "type_key", "ssh-privatekey"),
        (
            "kubernetes.io/ssh-auth",
            {"ssh-privatekey": SecretValue(b"")},
            "type_value",
            "ssh-privatekey",
        ),
        (DOCKER_JSON, {}, "type_key", ".dockerconfigjson"),
        (DOCKER_JSON, _values(__dockerconfigjson=VALUE), "type_value", ".dockerconfigjson"),
        (DOCKER_JSON, _values(__dockerconfigjson=b"[]"), "type_value", ".dockerconfigjson"),
        ("kubernetes.io/dockercfg", _values(__dockercfg=b"\xff"), "type_value", ".dockercfg"),
    ],
)
def test_names_the_key_that_an_api_server_would_refuse(
    kind: str, values: dict[str, SecretValue], code: str, key: str
) -> None:
    with pytest.raises(TransformError) as caught:
        check_type(kind, values)
    assert (f"transform.{code}", key) == (caught.value.code, caught.value.key)


def test_a_malformed_value_is_in_no_part_of_the_error() -> None:
    with pytest.raises(TransformError) as caught:
        check_type(DOCKER_JSON, _values(__dockerconfigjson=b'{"auths": ' + VALUE))
    error: BaseException | None = caught.value
    while error is not None:
        assert VALUE.decode() not in f"{error}{error.args}"
        error = error.__cause__ or error.__context__
