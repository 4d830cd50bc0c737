# SPDX-License-Identifier: Apache-2.0
"""One Kubernetes cluster: log in, ask, watch, write. Knows nothing of fleets or intents."""
