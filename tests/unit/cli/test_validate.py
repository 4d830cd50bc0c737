"""`keyfleet validate`: one clear error per file, with line and path; exit code 2 or 1."""

import base64
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from keyfleet.testing.canary import canary

Cli = Callable[..., int]

GOOD = """\
apiVersion: keyfleet.io/v1alpha1
kind: FleetSecret
metadata: {name: db, namespace: payments}
spec:
  source: {secretRef: {name: db}}
  placement:
    clusters: {names: [east]}
"""
SECRET = canary("in-a-file").decode()
BROKEN = {
    "invalid YAML": (GOOD + f"  bad: [{SECRET}\n", "line 9"),
    "unknown field": (GOOD.replace("names:", "nmes:"), ":7: spec.placement.clusters.nmes"),
    "unknown root field": (GOOD + f"data: {{a: {SECRET}}}\n", ":8: data"),
    "wrong type": (GOOD.replace("[east]", "east"), ":7: spec.placement.clusters.names"),
    "missing field": (GOOD.replace("{name: db}}", "{}}"), "spec.source.secretRef.name"),
    "empty": ("", "no manifest"),
    "only comments": ("# nothing\n---\n", "no manifest"),
    "duplicate key": (GOOD + f"spec: {SECRET}\n", "line 8"),
    "a Secret": (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{a: {SECRET}}}\n",
        ":2: kind",
    ),
    "not an object": (f"- {SECRET}\n", ":1"),
    "bad name": (GOOD.replace("name: db,", "name: DB,"), ":3: metadata.name"),
    "bad enum": (GOOD + f"  conflictPolicy: {SECRET}\n", ":8: spec.conflictPolicy"),
}


def _file(folder: Path, text: str | bytes, name: str = "a.yaml") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_good_manifests_are_0(cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli("validate", "-f", _file(tmp_path, GOOD)) == 0
    assert capsys.readouterr() == ("1 manifest read, no problems\n", "")


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_understood_is_2_with_file_line_and_path(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path, case: str
) -> None:
    text, place = BROKEN[case]
    file = _file(tmp_path, text)
    assert cli("validate", file) == 2
    err = capsys.readouterr().err
    assert file in err
    assert place in err
    assert err.count("Error:") == 1


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"name: \x80\n", base64.b64encode(b"\0" * 9) + b"\0"])
def test_other_bytes_are_2(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path, raw: bytes
) -> None:
    assert cli("validate", _file(tmp_path, raw)) == 2
    assert capsys.readouterr().err.startswith("Error:")


def test_a_template_that_is_none_is_shown_with_its_line(
    cli: Cli,
    capsys: pytest.CaptureFixture[str],
    golden: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    text = GOOD + "  template:\n    data:\n      url: |\n        first\n        {{ .a }\n"
    monkeypatch.chdir(tmp_path)
    _file(tmp_path, text)
    assert cli("validate", "a.yaml") == 1
    golden("validate-template.table", capsys.readouterr().err)
    assert cli("validate", "a.yaml", "-o", "json") == 1
    golden("validate-template.json", capsys.readouterr().out)


def test_what_cannot_be_meant_is_1(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    twice = GOOD + "  data: [{from: a, to: x}, {from: b, to: x}]\n"
    assert cli("validate", _file(tmp_path, twice)) == 1
    assert ":8: spec.data[1]" in capsys.readouterr().err


def test_the_same_name_twice_is_1_and_names_both(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one, two = _file(tmp_path, GOOD), _file(tmp_path, "# again\n" + GOOD, "b.yaml")
    assert cli("validate", one, two) == 1
    err = capsys.readouterr().err
    assert f"{two}:4: metadata.name" in err
    assert f"{one}:1" in err


def test_every_file_is_looked_at(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = GOOD.replace("names:", "nmes:")
    files = [_file(tmp_path, text, f"{i}.yaml") for i, text in enumerate((bad, GOOD, bad))]
    assert cli("validate", *files, str(tmp_path / "none.yaml"), "-o", "json") == 2
    taken = capsys.readouterr()
    document = msgspec.json.decode(taken.out)
    assert (document["manifests"], len(document["problems"])) == (1, 3)
    assert taken.err == ""


@pytest.mark.parametrize("output", ["table", "wide", "json", "yaml", "name"])
def test_golden(
    cli: Cli,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[str, str], None],
    output: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    _file(tmp_path, GOOD)
    _file(tmp_path, GOOD.replace("names:", "nmes:"), "b.yaml")
    assert cli("-o", output, "validate", "a.yaml", "b.yaml") == 2
    taken = capsys.readouterr()
    golden(f"validate.{output}", taken.out + taken.err)


def test_apply_reads_files_before_anything_else(
    cli: Cli, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without a usable kubeconfig the file's error is what is shown: nobody was asked yet."""
    file = _file(tmp_path, GOOD.replace("names:", "nmes:"))
    for command in ("plan", "apply", "diff"):
        assert cli(command, "-f", file, KUBECONFIG="/nonexistent") == 2
        assert "nmes" in capsys.readouterr().err
