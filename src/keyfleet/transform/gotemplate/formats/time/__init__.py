# SPDX-License-Identifier: Apache-2.0
"""Moments, zones, durations, and Go's layouts for them."""
