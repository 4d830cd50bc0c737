# SPDX-License-Identifier: Apache-2.0
"""The one internal model: plain frozen data and pure functions. After `dialects` nobody knows who asked."""
