# SPDX-License-Identifier: Apache-2.0
"""Templates beside sealed values, and manifests that want more than they may.

Source: compat/sealed-secrets.md 2.1, 2.2.
"""

import json

from tests.cluster.engine.sealedsecrets.seals import Seals

from keyfleet.kube.resources import NAMESPACES
from keyfleet.model.ownership import OWNER_ANNOTATION
from keyfleet.testing.canary import canary

ONE, TWO = canary("one"), canary("two")


async def test_templates_see_values_and_each_others_texts(seals: Seals) -> None:
    await seals.want(
        {"password": ONE, "tls.key": TWO, "both": ONE},
        template={
            "data": {
                "url": "https://me:{{ .password }}@{{ .host }}",
                "host": "{{ upper .password }}",
                "both": "never {{ .password }}",
                "dotted": '{{ index . "tls.key" }}',
                "missing": "{{ .none }}|{{ index . `none` }}|{{ toJson .none }}"
                "|{{ if .none }}x{{ end }}",
                "keys": "{{ range $key, $_ := . }}{{ $key }} {{ end }}",
            }
        },
    )
    await seals.run()
    await seals.delivered(
        {
            "password": ONE,
            "tls.key": TWO,
            "both": ONE,
            "url": b"https://me:" + ONE + b"@{{ upper .password }}",
            "host": ONE.upper(),
            "dotted": TWO,
            "missing": b"<no value>||null|",
            "keys": b"both dotted host keys missing password tls.key url ",
        }
    )
    await seals.heard(
        "Warning", "SealedAndTemplated", "both sealed and in spec.template.data: both"
    )


async def test_only_templates_are_enough(seals: Seals) -> None:
    await seals.put({}, template={"data": {"k": "{{ add 1 2 }}", "plain": "text"}})
    await seals.run()
    await seals.delivered({"k": b"3", "plain": b"text"})


async def test_all_templates_that_fail_are_told_by_key_and_nothing_is_delivered(
    seals: Seals,
) -> None:
    data = {"a": "{{ .k ", "b": '{{ env "HOME" }}', "c": "{{ upper .none }}", "good": "{{ .k }}"}
    await seals.want({"k": ONE}, template={"data": data})
    await seals.run()
    await seals.says("False", "TemplateError")
    lines = (await seals.synced())["message"].splitlines()
    assert lines[0] == "template: a:1: unclosed action (a)"
    assert lines[1] == 'template: b:1: function "env" not defined (b)'
    assert lines[2].startswith('template: c:1:9: executing "c" at <.none>: ')
    assert lines[2].endswith(" (c)")
    assert len(lines) == 3
    assert await seals.fleet.data(seals.east) is None
    await seals.heard("Warning", "ErrUnsealFailed", "Failed to unseal: template: a:1: ")
    await seals.edit({"template": {"data": {"a": None, "b": None, "c": None}}})
    await seals.delivered({"k": ONE, "good": ONE})


async def test_a_whole_secret_sealed_as_one_is_opened_too(seals: Seals) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "other", "labels": {"app": "shop"}, "annotations": {"note": "x"}},
        "type": "example.com/old",
        "stringData": {"k": ONE.decode()},
    }
    (sealed,) = seals.sealed({"data": json.dumps(document).encode()}).values()
    await seals.put({}, data=sealed, template={"type": "example.com/ignored"})
    await seals.put({"k": "x"}, "both", data=sealed)
    await seals.run()
    await seals.delivered({"k": ONE})
    found = await seals.secret()
    assert found["type"] == "example.com/old"
    assert (found["metadata"]["labels"]["app"], found["metadata"]["annotations"]["note"]) == (
        "shop",
        "x",
    )
    text = "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time"
    await seals.says("False", "UnsealFailed", text, name="both")


async def test_no_template_forges_marks_owners_or_special_types(seals: Seals) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1", "controller": True}
    metadata = {
        "name": "other",
        "namespace": "kube-system",
        "ownerReferences": [owner],
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "managedFields": [{"manager": "x"}],
    }
    await seals.want({"k": ONE}, template={"metadata": metadata})
    forged = {"annotations": {OWNER_ANNOTATION: "{}"}}
    await seals.want({"k": ONE}, "forged", template={"metadata": forged})
    token = {"annotations": {"kubernetes.io/service-account.name": "default"}}
    await seals.want({"k": ONE}, "token", template={"metadata": token})
    kind = "kubernetes.io/service-account-token"
    await seals.want({"k": ONE}, "special", template={"type": kind})
    await seals.want({"../k": ONE}, "named")
    await seals.run()
    await seals.delivered({"k": ONE})
    found = (await seals.secret())["metadata"]
    assert found["ownerReferences"] == [await seals.owner()]
    assert found["labels"]["app.kubernetes.io/managed-by"] == "keyfleet"
    await seals.says("False", "MetadataReserved", name="forged")
    await seals.says("False", "MetadataReserved", name="token")
    await seals.says("False", "SpecialType", name="special")
    await seals.says("False", "KeyName", name="named")
    for name in ("forged", "token", "special", "named"):
        assert await seals.fleet.data(seals.east, name) is None


async def test_a_manifest_with_thousands_of_bad_items_holds_up_nobody(seals: Seals) -> None:
    await seals.put({f"item-{number:04}": "AgAA" for number in range(4000)}, "huge")
    await seals.want({"k": ONE})
    await seals.run()
    await seals.delivered({"k": ONE})
    await seals.says("False", "UnsealFailed", name="huge")
    message = (await seals.synced("huge"))["message"]
    assert message.startswith("no key could decrypt secret (item-0000, item-0001, ")
    assert len(message) == 32 << 10


async def test_a_manifest_of_a_system_namespace_has_its_secret_there(seals: Seals) -> None:
    """Whoever writes SealedSecrets there may; upstream's own controller mostly lives there."""
    namespace = "kube-public"
    assert await seals.east.client.find_metadata(NAMESPACES, namespace) is not None
    items = seals.sealed({"k": ONE}, "system", namespace=namespace)
    await seals.put(items, "system", namespace=namespace)
    try:
        await seals.run()
        await seals.fleet.delivered({"k": ONE}, seals.east, name="system", namespace=namespace)
    finally:
        await seals.remove("system", namespace=namespace)
        await seals.fleet.gone(seals.east, name="system", namespace=namespace)
