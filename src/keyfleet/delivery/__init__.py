# SPDX-License-Identifier: Apache-2.0
"""Write: one step of a plan becomes one request to one cluster."""
