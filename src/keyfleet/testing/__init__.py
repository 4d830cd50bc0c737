# SPDX-License-Identifier: Apache-2.0
"""Help for tests of Keyfleet and of what is built on it; the product never imports it."""
