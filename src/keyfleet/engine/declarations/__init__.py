# SPDX-License-Identifier: Apache-2.0
"""Manifests wherever they are found: on the hub, and in members where they count too.

Kinds come and go with their CRDs, also while running. When a CRD goes, its intents are dropped and
nothing is deleted: absence counts only with a complete list, under the very CRD that the target's
marker names.
"""
