# SPDX-License-Identifier: Apache-2.0
"""Key files and certificates for programs that seal and open."""

from pathlib import Path

import pytest
from tests.e2e.harness import Program, isolated
from tests.e2e.sealing.partner import KEYS, Partners, without_user


@pytest.fixture
def partners(kubeseal: Path, tmp_path: Path) -> Partners:
    """Both programs in an empty folder with certificates and keys, and no cluster to ask."""
    program = Program(without_user(isolated(tmp_path)), tmp_path)
    found = Partners(program, kubeseal, tmp_path)
    for name, pair in KEYS.items():
        found.write(f"{name}.pem", pair.certificate)
        found.write(f"{name}.key", pair.key.reveal())
    return found
