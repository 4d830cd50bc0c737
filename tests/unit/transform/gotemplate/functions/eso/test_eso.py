# SPDX-License-Identifier: Apache-2.0
from keyfleet.transform.gotemplate.functions import eso, sprig

OWN = {
    "pkcs12key", "pkcs12keyPass", "pkcs12cert", "pkcs12certPass", "pemToPkcs12",
    "pemToPkcs12Pass", "fullPemToPkcs12", "fullPemToPkcs12Pass", "pemTruststoreToPKCS12",
    "pemTruststoreToPKCS12Pass", "filterPEM", "filterCertChain", "certSANs",
    "jwkPublicKeyPem", "jwkPrivateKeyPem", "toYaml", "fromYaml", "rsaDecrypt", "hexdec",
}  # fmt: skip


def test_adds_its_own_to_those_of_sprig() -> None:
    assert set(eso.table()) == {*sprig.table(), *OWN}


def test_has_a_password_file_with_a_choice() -> None:
    assert len(eso.table()["htpasswd"].params) == 3
    assert len(sprig.table()["htpasswd"].params) == 2
