# SPDX-License-Identifier: Apache-2.0
"""What `keyfleet reseal` does to a tree."""
