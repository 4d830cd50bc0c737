"""A Git tree of sealed values, made without the program that is tested."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keyfleet.base.errors import InvalidInputError
from keyfleet.base.sealing import Envelope, KeyPair, Scope, load_certificate, load_key
from keyfleet.base.secret import SecretValue
from keyfleet.cli.sealing.files.sealedtext import read_yaml, sealed_documents
from keyfleet.testing.canary import canary, find_canary

TEXT = """\
# the shop's {name}; do not touch
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name:   {name}
  namespace: {namespace}
  annotations: {{{annotations}}}
spec:
  encryptedData:
{items}
  template:   # what it becomes
    type: Opaque
    metadata: {{labels: {{app: "shop"}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: other}}
"""


def sealed(
    pair: KeyPair,
    *names: str,
    name: str = "db",
    namespace: str = "shop",
    scope: Scope = Scope.STRICT,
    annotations: Mapping[str, str] | None = None,
) -> str:
    """Return a file with values sealed for a key; their plain texts are canaries."""
    certificate = load_certificate(pair.certificate)
    label = scope.label(namespace, name)
    items = "\n".join(
        f"    {each}: {certificate.seal(SecretValue(canary(each)), label)}  # {each}"
        for each in names or ("password",)
    )
    said = scope.annotations() if annotations is None else annotations
    written = ", ".join(f'{key}: "{text}"' for key, text in said.items())
    return TEXT.format(name=name, namespace=namespace, annotations=written, items=items)


@dataclass(frozen=True)
class Tree:
    """A folder."""

    root: Path

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    def key(self, name: str, *pairs: KeyPair) -> str:
        """Write private keys beside the tree; return the file."""
        path = self.root.parent / f"{name}.key"
        path.write_bytes(b"".join(pair.key.reveal() for pair in pairs))
        return str(path)

    def contents(self) -> dict[str, bytes]:
        """Return every file; none holds a value in clear, and no other file is left."""
        found = {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }
        assert not [name for name, raw in found.items() if find_canary(raw)]
        return found


def opened_by(path: Path, *pairs: KeyPair) -> dict[str, int]:
    """Return which of the keys opens each value of a file, to what it was made of."""
    found = {}
    for document in sealed_documents(read_yaml(path.read_bytes(), "a file")):
        for item in document.items:
            for index, pair in enumerate(pairs):
                value = _value(item.text, document.label, pair)
                if value is not None:
                    assert value.reveal() == canary(item.name)
                    found[f"{document.name}/{item.name}"] = index
    return found


def _value(text: str, label: bytes, pair: KeyPair) -> SecretValue | None:
    try:
        return load_key(pair.key).open(Envelope.parse(text), label)
    except InvalidInputError:
        return None
