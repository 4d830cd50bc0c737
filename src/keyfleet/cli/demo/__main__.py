# SPDX-License-Identifier: Apache-2.0
"""The kept controller as a process: `python -m keyfleet.cli.demo KUBECONFIG HUB`."""

import sys

from keyfleet.cli.demo.kept import main

main(sys.argv[1:])
