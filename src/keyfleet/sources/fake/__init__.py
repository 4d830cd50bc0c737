# SPDX-License-Identifier: Apache-2.0
"""Stores whose values stand in the manifest, for tests: provider `fake`."""

from keyfleet.sources.fake.provider import FakeProvider

PROVIDER = FakeProvider()
