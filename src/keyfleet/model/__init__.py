# SPDX-License-Identifier: Apache-2.0
"""The one internal model, whoever asked: plain frozen data and pure functions."""
