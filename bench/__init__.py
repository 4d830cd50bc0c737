# SPDX-License-Identifier: Apache-2.0
"""Benchmarks on real control planes: Keyfleet beside a bare writer and a sequential script.

`python -m bench` (`make bench`) runs them; docs/benchmarks.md says what each means.
"""
