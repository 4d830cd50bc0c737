# SPDX-License-Identifier: Apache-2.0
from base64 import b64encode
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.access import Credential
from keyfleet.kube.auth.basic import Basic
from keyfleet.kube.auth.client_cert import ClientCert
from keyfleet.kube.auth.combined import Combined
from keyfleet.kube.auth.exec_plugin import ExecPlugin
from keyfleet.kube.auth.static_token import StaticToken
from keyfleet.kube.auth.surroundings import Surroundings
from keyfleet.kube.auth.token_file import TokenFile
from keyfleet.kube.kubeconfig_entries import Exec, User
from keyfleet.kube.kubeconfig_login import Located, data, impersonation, login
from keyfleet.localplane.pki import Authority

PAIR = Authority("login").client("someone")
CERTIFICATE = b64encode(PAIR.certificate_pem).decode()
KEY = b64encode(PAIR.key_pem).decode()
PLUGIN = Exec(command="login", api_version="client.authentication.k8s.io/v1")


def _login(user: User, folder: Path | None = None) -> Credential:
    return login(Located(user, "f", folder), {}, Surroundings(), subject="context x in f")


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        (User(), Combined),
        (User(token="kf-canary-t"), StaticToken),
        (User(username="me", password="kf-canary-p"), Basic),
        (User(username="me"), Basic),
        (User(password="kf-canary-p"), Combined),
        (User(client_certificate_data=CERTIFICATE, client_key_data=KEY), ClientCert),
        (User(exec=PLUGIN), ExecPlugin),
        (User(exec=PLUGIN, token="kf-canary-t"), StaticToken),
        (User(exec=PLUGIN, username="me"), Basic),
        (User(exec=PLUGIN, client_certificate_data=CERTIFICATE, client_key_data=KEY), ClientCert),
        (User(exec=PLUGIN, password="kf-canary-p"), ExecPlugin),
    ],
)
def test_which_credential_a_user_gets(user: User, kind: type[Credential]) -> None:
    assert type(_login(user)) is kind


async def test_token_and_certificate_are_both_presented() -> None:
    user = User(token="kf-canary-t", client_certificate_data=CERTIFICATE, client_key_data=KEY)
    credential = _login(user)
    certificate = await credential.certificate()
    assert await credential.headers() == {"Authorization": "Bearer kf-canary-t"}
    assert certificate is not None
    assert certificate.certificate_pem == PAIR.certificate_pem


async def test_the_file_beats_the_written_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("kf-canary-file\n")
    credential = _login(User(token="kf-canary-t", token_file="token"), tmp_path)
    assert isinstance(credential, TokenFile)
    assert await credential.headers() == {"Authorization": "Bearer kf-canary-file"}


async def test_the_written_token_serves_while_the_file_is_missing(tmp_path: Path) -> None:
    credential = _login(User(token="kf-canary-t", token_file="absent"), tmp_path)
    assert await credential.headers() == {"Authorization": "Bearer kf-canary-t"}


def test_a_file_alone_must_hold_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("  \n")
    with pytest.raises(InvalidInputError, match="token is empty"):
        _login(User(token_file="token"), tmp_path)


async def test_certificate_files_may_be_mixed_with_data(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(PAIR.key_pem)
    credential = _login(User(client_certificate_data=CERTIFICATE, client_key="key"), tmp_path)
    certificate = await credential.certificate()
    assert certificate is not None
    assert certificate.key_pem == PAIR.key_pem


def test_a_bad_pair_is_found_at_once() -> None:
    other = b64encode(Authority("other").client("x").key_pem).decode()
    with pytest.raises(InvalidInputError, match="cannot be used"):
        _login(User(client_certificate_data=CERTIFICATE, client_key_data=other))


def test_impersonation_headers() -> None:
    user = User(
        as_user="jörg",
        as_uid="42",
        as_groups=["a", "b c"],
        as_user_extra={"Example.com/Scope %": ["x", "y"], "plain": []},
    )
    assert impersonation(user, subject="s") == (
        ("Impersonate-User", "jörg"),
        ("Impersonate-Uid", "42"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b c"),
        ("Impersonate-Extra-example.com%2Fscope%20%25", "x"),
        ("Impersonate-Extra-example.com%2Fscope%20%25", "y"),
    )
    assert impersonation(User(), subject="s") == ()


def test_data_may_be_wrapped() -> None:
    assert data("a2YtY2Fu\n  YXJ5\r\n", "client-key-data", subject="s") == b"kf-canary"


@pytest.mark.parametrize("text", ["kf-canary", "a2Y", "a2Y_", "ü"])
def test_data_must_be_base64(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        data(text, "client-key-data", subject="s")
    assert text not in caught.value.diagnostics()
