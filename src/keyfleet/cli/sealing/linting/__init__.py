# SPDX-License-Identifier: Apache-2.0
"""What `keyfleet lint` looks for."""
