# SPDX-License-Identifier: Apache-2.0
import pytest
from tests.unit.transform.gotemplate.playing import consul, problem

from keyfleet.transform.gotemplate import render
from keyfleet.transform.gotemplate.functions.consul.vault import (
    IssuedCertificate,
    Secret,
    SecretAuth,
    SecretWrapInfo,
)
from keyfleet.transform.gotemplate.reads import KnownSecrets, SecretRead
from keyfleet.transform.gotemplate.values import JsonNumber, strings

READ = SecretRead("secret", "kv/data/a")


def known(template: str, answers: dict[SecretRead, object]) -> str:
    return render(template, None, functions="consul", resolver=KnownSecrets(answers))


def asked(template: str) -> list[SecretRead]:
    resolver = KnownSecrets({})
    render(template, None, functions="consul", missingkey="zero", resolver=resolver)
    return list(resolver.unknown)


def test_gives_the_fields_of_a_secret() -> None:
    secret = Secret(
        {"data": {"password": "kf-canary-p", "port": JsonNumber("05432")}},
        lease_id="lease",
        auth=SecretAuth("kf-canary-token", policies=strings(["p"])),
        wrap_info=SecretWrapInfo("kf-canary-wrapped", ttl=60),
    )
    template = (
        '{{ with secret "kv/data/a" }}{{ .Data.data.password }} {{ .Data.data.port }} '
        "{{ .LeaseID }} {{ .Auth.ClientToken }} {{ .Auth.Policies }} {{ .WrapInfo.TTL }}{{ end }}"
    )
    assert known(template, {READ: secret}) == ("kf-canary-p 05432 lease kf-canary-token [p] 60")


def test_a_certificate_is_reachable_in_two_ways() -> None:
    read = SecretRead("pkiCert", "pki/issue/web", (("common_name", "a"),))
    issued = IssuedCertificate("C", "K", "A", strings(["A", "B"]))
    call = '{{ with pkiCert "pki/issue/web" "common_name=a" }}'
    assert (
        known(call + "{{ .Cert }}{{ .Data.Key }}{{ .CAChain }}{{ end }}", {read: issued})
        == "CK[A B]"
    )


@pytest.mark.parametrize(
    ("action", "read"),
    [
        ('secret " /kv/data/a/ "', READ),
        ('secret "a?version=3"', SecretRead("secret", "a?version=3")),
        ('secret "a" ""', SecretRead("secret", "a", ())),
        ('secret "a" "z=1" "b = c=d "', SecretRead("secret", "a", (("b", "c=d"), ("z", "1")))),
        ('secrets "kv"', SecretRead("secrets", "kv")),
    ],
)
def test_asks_for_paths_and_parameters(action: str, read: SecretRead) -> None:
    assert asked(f"{{{{ {action} }}}}") == [read]


def test_what_is_unknown_is_false_and_has_no_fields() -> None:
    template = '{{ with secret "a" }}x{{ else }}none{{ end }}{{ (secret "b").Data.x }}'
    assert len(asked(template + '{{ len (secrets "c") }}')) == 3


def test_without_a_path_there_is_nothing_to_ask_for() -> None:
    assert asked('{{ secret }}{{ pkiCert }}{{ secrets "" }}') == []


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ('secret "/"', 'vault.read: invalid format: ""'),
        ('secret "" "a=b"', 'vault.write: invalid format: ""'),
        ('secrets "/"', 'vault.list: invalid format: ""'),
        ('secret "a" "b"', 'not k=v pair "b"'),
        ('secret "a"', "secret needs Vault, which this template is rendered without"),
    ],
)
def test_refuses_what_it_cannot_ask_for(action: str, text: str) -> None:
    assert problem(consul, action).endswith(text)
