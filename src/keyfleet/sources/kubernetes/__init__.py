# SPDX-License-Identifier: Apache-2.0
"""Secrets that live in a cluster of the fleet."""

from keyfleet.sources.kubernetes.source import KubernetesSource

SOURCE = KubernetesSource()
