# SPDX-License-Identifier: Apache-2.0
"""Where: which clusters there are, and how to log in to them."""
