# SPDX-License-Identifier: Apache-2.0
"""Stage 7, show: metrics, health, logs. No stage calls it: `app` wires it to `base.log.Hooks`."""
