# SPDX-License-Identifier: Apache-2.0
"""Check that only the modules listed here take a value out of its `SecretValue`.

A value leaves Keyfleet at few places: where a write, a login or a fingerprint is made. A new place
is a decision, taken by adding it to `ALLOWED` with its reason.
"""

import ast
import sys
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SELF = Path(__file__).name
NAME = "reveal"

ALLOWED = {
    "keyfleet.base.sealing.envelope": "seals the value",
    "keyfleet.base.sealing.keys": "loads the private keys that open sealed values",
    "keyfleet.cli.sealing.keyring.backup": "reads the keys in a backup that was opened",
    "keyfleet.cli.sealing.keyring.agefile": "encrypts backups of keys, and reads identities",
    "keyfleet.cli.sealing.opening": "prints the Secrets that a person asked to unseal",
    "keyfleet.dialects.eso.hashes": "the hash by which targets of upstream are adopted",
    "keyfleet.inventory.*": "kubeconfigs held in Secrets are logins",
    "keyfleet.kube.auth.*": "logins",
    "keyfleet.engine.installation": "the key that fingerprints",
    "keyfleet.engine.sealing.keysecrets": "the certificate beside a private key",
    "keyfleet.engine.stores.references": "the CA certificates that stores keep in Secrets",
    "keyfleet.kube.requests": "encodes the bodies of writes",
    "keyfleet.model.data": "fingerprints",
    "keyfleet.sources.*": "logins of stores, and writing back",
    "keyfleet.transform.*": "shaping a value needs the value",
}


def module_name(path: Path) -> str:
    """Return the dotted name of a source file below src/."""
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)


def uses(tree: ast.AST) -> list[int]:
    """Return the lines that name `reveal` as attribute, called or not, or as a text."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == NAME)
        or (isinstance(node, ast.Constant) and node.value == NAME)
    ]


def main() -> int:
    """Print every forbidden use and return 1 when there is one."""
    findings = [
        f"{path.relative_to(ROOT)}:{line}: {NAME} outside the modules that {SELF} allows"
        for path in sorted((ROOT / "src").rglob("*.py"))
        if not any(fnmatchcase(module_name(path), allowed) for allowed in ALLOWED)
        for line in uses(ast.parse(path.read_bytes()))
    ]
    print("\n".join([*findings, f"check_reveal: {len(findings)} findings"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
