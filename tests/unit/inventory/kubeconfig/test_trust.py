"""What a laptop remembers of contexts."""

import stat
from pathlib import Path

import pytest

from keyfleet.base.errors import InvalidInputError
from keyfleet.inventory.kubeconfig.trust import Pin, TrustStore
from keyfleet.kube.kubeconfig import Context

PIN = Pin("uid-1", "ca")


def _context(name: str = "east", origin: str = "/home/me/.kube/config") -> Context:
    return Context(name, "cluster", "user", "", origin)


def test_a_context_is_remembered_by_the_next_command(tmp_path: Path) -> None:
    TrustStore(tmp_path / "state" / "trust.json").pin(_context(), PIN)
    assert TrustStore(tmp_path / "state" / "trust.json").pinned(_context()) == PIN


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    assert TrustStore(tmp_path / "trust.json").pinned(_context()) is None


def test_the_same_name_in_another_file_is_another_context(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust.json")
    store.pin(_context(), PIN)
    assert store.pinned(_context(origin="/other/config")) is None


def test_a_kubeconfig_made_anew_is_forgotten(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust.json")
    store.pin(_context(), PIN)
    store.pin(_context(origin="/other/config"), PIN)
    store.forget("/other/config")
    again = TrustStore(tmp_path / "trust.json")
    assert [again.pinned(_context()), again.pinned(_context(origin="/other/config"))] == [PIN, None]


def test_an_unchanged_pin_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    TrustStore(path).pin(_context(), PIN)
    before = path.stat().st_ino
    TrustStore(path).pin(_context(), PIN)
    assert path.stat().st_ino == before


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    TrustStore(path).pin(_context(), PIN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b'{"contexts": 5}', b"\xff"])
def test_a_damaged_record_is_an_error_and_not_forgotten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trust.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"trust\.json"):
        TrustStore(path)
    assert path.read_bytes() == content
