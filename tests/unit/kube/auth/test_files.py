# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.kube.auth.files import SIZE_MAX, read_field, read_small


def test_reads_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"x" * SIZE_MAX)
    assert len(read_small(file)) == SIZE_MAX
    file.write_bytes(b"x" * (SIZE_MAX + 1))
    with pytest.raises(OSError, match="too large"):
        read_small(file)


@pytest.mark.parametrize("name", ["kf-canary-absent", ".", "kf-canary\0nul"])
def test_the_error_names_the_field_and_never_the_path(tmp_path: Path, name: str) -> None:
    """Somebody may have put the token itself where its path belongs."""
    with pytest.raises(InvalidInputError) as caught:
        read_field(tmp_path / name, "tokenFile", subject="context a in f")
    assert caught.value.path == "tokenFile"
    assert "context a in f" in str(caught.value)
    assert "kf-canary" not in caught.value.diagnostics()
