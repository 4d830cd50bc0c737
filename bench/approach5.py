# SPDX-License-Identifier: Apache-2.0
"""The script that people write: watch one namespace, copy each Secret to its targets in turn.

A re-creation of the idea of a well-known how-to, on the official `kubernetes` client: one event
after the other, one cluster after the other, a create that falls back to a patch. Its faults are
left out where they would make it slower or wrong (it has one login per cluster).

    python -m bench.approach5 KUBECONFIG SOURCE TARGET...
"""

import sys
from typing import Any

from kubernetes import client, config, watch

from keyfleet.base import codec

ENABLED = "sync.example.com/enabled"
TARGETS = "sync.example.com/targets"


class Sync:
    """Copies Secrets of one cluster to others, one by one."""

    def __init__(self, kubeconfig: str, source: str, targets: list[str]) -> None:
        self._apis = {
            name: client.CoreV1Api(_login(kubeconfig, name)) for name in (source, *targets)
        }
        self._source = self._apis[source]

    def follow(self, namespace: str) -> None:
        """Copy what a watch shows, until the process is ended."""
        listed = self._source.list_namespaced_secret
        # The package has no types.
        for event in watch.Watch().stream(listed, namespace=namespace):  # type: ignore[no-untyped-call]
            metadata = event["object"].metadata
            annotations = metadata.annotations or {}
            if event["type"] != "DELETED" and annotations.get(ENABLED) == "true":
                self._copy(namespace, metadata.name, annotations.get(TARGETS, "").split(","))

    def _copy(self, namespace: str, name: str, targets: list[str]) -> None:
        found = self._source.read_namespaced_secret(name, namespace)
        copy = client.V1Secret(
            metadata=client.V1ObjectMeta(name=name), data=found.data, type=found.type
        )
        for target in targets:
            self._write(self._apis[target], namespace, name, copy)

    def _write(self, api: Any, namespace: str, name: str, copy: Any) -> None:
        try:
            api.create_namespaced_secret(namespace, copy)
        except client.ApiException as error:
            if error.status != 409:
                raise
            api.patch_namespaced_secret(name, namespace, copy)


def _login(kubeconfig: str, context: str) -> Any:
    return config.new_client_from_config(kubeconfig, context=context)  # type: ignore[no-untyped-call]


def main() -> None:
    """Get ready, then follow the namespace that the benchmark names."""
    kubeconfig, source, *targets = sys.argv[1:]
    sync = Sync(kubeconfig, source, targets)
    for line in sys.stdin.buffer:
        request = codec.decode_json(line, subject="a request")
        sys.stdout.write("true\n")
        sys.stdout.flush()
        if request["do"] == "follow":
            sync.follow(request["namespace"])


if __name__ == "__main__":
    main()
