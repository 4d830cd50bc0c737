# SPDX-License-Identifier: Apache-2.0
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyfleet.base.masking import MASK, TEXT_MAX, is_sensitive, mask_text

CANARY = "kf-canary-x9"

texts = st.text(max_size=60)
words = st.text("abcXYZ019_-", max_size=12)


@pytest.mark.parametrize(
    "name",
    [
        *("password", "PASSWORD", "db_password", "dbPassword", "passwords", "passphrase"),
        *("token", "accessToken", "X-Vault-Token", "authtoken", "id_token_value"),
        *("secret", "client-secret", "clientsecret", "authorization", "Set-Cookie"),
        *("data", "stringData", "client-key-data", "clientKeyData", "api_key_secret", "apikey"),
        *("aws_secret_access_key", "private_key_data", "X-Amz-Signature"),
    ],
)
def test_knows_sensitive_names(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        *("name", "namespace", "cluster", "key", "intent", "metadata", "took_ms", "code", ""),
        *("secret_name", "secretRef", "tokenCount", "data_size", "event", "keys", "tokenize"),
    ],
)
def test_leaves_public_names_alone(name: str) -> None:
    assert not is_sensitive(name)


FORMS = [
    "https://user:{}@vault.example/v1",
    "https://{}@vault.example/v1",
    "postgres://user:a/{}@db:5432/x",
    "postgres://user:a@{}@db/x",
    "amqp://a:{}@one,amqp://b:{}@two/x",
    "https://s3/x?X-Amz-Signature={}&x=1",
    "https://s3/x?x=1&sig={}",
    "https://app/#access_token={}&state=1",
    "Authorization: Bearer {}",
    "sent authorization BEARER {}, got 401",
    "header 'authorization: Basic a1b2c3d4{}'",
    "password={}",
    '{{"password": "{} b"}}',
    '{{"name": "a", "clientSecret":"{}"}}',
    "{{'token': '{}'}}",
    "password: {}",
    "  client-key-data: {}\n  name: x",
    "- token: |\n    first\n    {}\n  name: x",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n{}",
    "key -----BEGIN OPENSSH PRIVATE KEY-----\\n{}",
    "jwt eyJhbGciOiJub25lIn0.eyJ{}.sig",
    "hvs.abcdefghi{}",
]


@pytest.mark.parametrize("form", FORMS)
@given(before=texts, secret_start=words, after=texts)
def test_masks_every_known_form_in_any_surroundings(
    form: str, before: str, secret_start: str, after: str
) -> None:
    text = form.replace("{{", "{").replace("}}", "}").replace("{}", f"{secret_start}{CANARY}")
    assert CANARY not in mask_text(f"{before}\n{text} {after}")


@pytest.mark.parametrize(
    "word",
    [
        *("ghp_0123456789abcdef", "github_pat_0123456789abcdef", "AGE-SECRET-KEY-1ABC"),
        *("hvs.abcdefghi", "hvb.abcdefghi", "eyJhbGciOiJub25lIn0.eyJ0", "LS0tLS1CRUdJTiBS"),
        *("password=0", "a?sig=0", "https://me:0@vault"),
    ],
)
def test_masks_what_is_a_single_word(word: str) -> None:
    assert MASK in mask_text(word)


@pytest.mark.parametrize("form", FORMS)
def test_masking_twice_changes_nothing_more(form: str) -> None:
    once = mask_text(form.replace("{}", CANARY))
    assert once == mask_text(once)
    assert MASK in once or "[private key]" in once


@pytest.mark.parametrize(
    "text",
    [
        "delivery.written",
        "created Secret payments/db in east",
        "https://api.example:6443/api/v1/secrets?limit=500&continue=abc",
        "https://[::1]:6443/x@y",
        "http://proxy:80/a@b",
        "registry/image@sha256:0123",
        "the API server refuses the token: east",
        "Secret is absent: hub/payments/db",
        "labels env=prod,tier in (a,b)",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_leaves_ordinary_text_as_it_is(text: str) -> None:
    assert text == mask_text(text)


def test_keeps_the_host_of_a_url_for_the_reader() -> None:
    assert mask_text("GET https://me:pw@vault:8200/v1?a=b") == "GET https://***@vault:8200/v1?a=b"


@given(st.text(max_size=200))
def test_any_text_becomes_text_that_can_be_encoded(text: str) -> None:
    mask_text(text + "\ud800").encode()


def test_long_text_is_cut_where_no_secret_is_halved() -> None:
    text = "x " * (TEXT_MAX // 2 - 20) + "https://user:" + CANARY * 10 + "@host"
    assert CANARY not in mask_text(text)
    assert mask_text("x" * (TEXT_MAX + 1)) == MASK


@pytest.mark.parametrize(
    "unit",
    ["a", "://a:", "@://a:b", "eyJaaaaaaaaaa-", "-----BEGIN A", "a=", "x: \n ", '="', "a.", " \n"],
)
def test_time_grows_no_faster_than_the_text(unit: str) -> None:
    """A quadratic pattern needs seconds for this; the bound leaves room for a busy machine."""
    start = time.process_time()
    mask_text((unit * TEXT_MAX)[:TEXT_MAX])
    assert time.process_time() - start < 1
