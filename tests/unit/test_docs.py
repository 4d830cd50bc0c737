# SPDX-License-Identifier: Apache-2.0
"""The documentation says what the source says: reasons, manifests, commands, bounds, links."""

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from keyfleet.base.codec import decode_yaml, encode_yaml
from keyfleet.cli.options import normalised
from keyfleet.cli.program import program
from keyfleet.dialects import annotated, native
from keyfleet.engine.understanding import understood
from keyfleet.model.intent import Origin
from keyfleet.model.ownership import Claim
from keyfleet.model.plan import State
from keyfleet.model.v1alpha1.common import API_VERSION
from keyfleet.model.v1alpha1.reading import read_manifests
from keyfleet.transform.gotemplate.run import DEFAULT_LIMITS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "keyfleet"
REASONS = ROOT / "docs" / "reference" / "reasons.md"
PAGES = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
GENERATED = {"errors.md", "metrics.md", "resources.md", "rights.md", "cli.md"}

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
_ROW = re.compile(r"^\| ((?:`[A-Z][A-Za-z]*`(?:, )?)+) \|", re.MULTILINE)
_CODE = re.compile(r"`(\w+)`")
_BOUND = re.compile(r"^\|.*\| `(keyfleet(?:\.\w+)+)` \|$", re.MULTILINE)
_CAMEL = re.compile(r"(?:[A-Z][a-z]+)+")

_REASON_ARGUMENT = {
    "Finding": 1,
    "held": 0,
    "Rejection": 2,
    "_ready": 1,
    "ClusterResult": 2,
    "TargetResult": 3,
    "Event": 1,
    "_log_held": 2,
    "Candidate": 2,
    "_reason": 1,
}
"""Function -> which argument is a reason."""

_RENAMED = {"transform.template"}
"""Codes whose reason is not made of their last word: the engine has another one for them."""

_HOMES = ("Hub", "Cluster")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


# Reasons.


def test_every_reason_of_the_source_is_documented() -> None:
    """A reason that people may see has a line that says what it means."""
    assert _used() - _documented() == set()


def test_every_documented_reason_exists() -> None:
    """A reason that nothing gives any more leaves the page."""
    known = _used() | {claim.value for claim in Claim} | {state.value for state in State}
    assert _documented() - known == set()


def test_every_reason_has_its_advice() -> None:
    """What keeps a secret from being in sync is in the troubleshooting guide."""
    guide = (ROOT / "docs" / "guides" / "troubleshooting.md").read_text()
    fine = {"Synced", "Reachable", "InForce"}
    assert {reason for reason in _used() - fine if f"`{reason}`" not in guide} == set()


def _documented() -> set[str]:
    cells = _ROW.findall(REASONS.read_text())
    return {word for cell in cells for word in _CODE.findall(cell)}


@cache
def _used() -> set[str]:
    found = {claim.value for claim in Claim if claim not in (Claim.OURS, Claim.UNSIGNED)}
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        constants = dict(_constants(tree))
        for node in ast.walk(tree):
            words = (constants.get(word, word) for word in _reasons(node))
            found.update(filter(_CAMEL.fullmatch, words))
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text


def _reasons(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _reasons_of_call(node)
    elif isinstance(node, ast.FunctionDef) and node.name == "_reason":
        for inner in ast.walk(node):
            if isinstance(inner, ast.Return) and inner.value is not None:
                yield from _texts(inner.value)
    elif isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if names & {"_REASONS", "reason"}:
            yield from _texts(node.value)


def _reasons_of_call(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    index = _REASON_ARGUMENT.get(name)
    if index is not None and len(call.args) > index:
        yield from _texts(call.args[index])
    if name == "reason" and call.args:
        # Of the cluster that a manifest was found in: the hub, or a member.
        yield from (f"{home}{text}" for home in _HOMES for text in _texts(call.args[0]))
    if name == "TransformError":
        for code in set(_texts(call.args[0])) - _RENAMED:
            yield code.rpartition(".")[2].title().replace("_", "")
    if name in {*_REASON_ARGUMENT, "Condition", "replace"}:
        for keyword in call.keywords:
            if keyword.arg == "reason":
                yield from _texts(keyword.value)


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the constant texts, and names of constants, that an expression may be."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(body)
            yield from _texts(other)
        case ast.BoolOp(values=values) | ast.Dict(values=values):
            for value in values:
                yield from _texts(value)


# Manifests.


def _blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in _FENCE.findall(page.read_text()) if language in languages]


def _manifests() -> list[Any]:
    return [
        pytest.param(document.content, id=f"{_name(page)}-{index}-{document.line}")
        for page in PAGES
        for index, block in enumerate(_blocks(page, "yaml"))
        for document in decode_yaml(block.encode(), subject=_name(page))
    ]


@pytest.mark.parametrize("document", _manifests())
def test_every_manifest_is_understood(document: Mapping[str, Any]) -> None:
    """A manifest that is shown can be copied."""
    assert _is_understood(document)


def _is_understood(document: Mapping[str, Any]) -> bool:
    metadata = document["metadata"]
    origin = Origin("docs", document["kind"], metadata.get("namespace", ""), metadata["name"])
    if document["apiVersion"] == API_VERSION:
        read = read_manifests(encode_yaml(document).encode(), "docs")
        is_secret = document["kind"] == "FleetSecret"
        found = understood(native.DIALECT, read[0].document, origin)
        return not is_secret or bool(found.intents)
    domains = {name.partition("/")[0] for name in metadata.get("annotations", {})}
    return all(annotated.dialect(domain).translate(document, origin).intents for domain in domains)


# Commands.


def _commands() -> list[Any]:
    found = dict.fromkeys(
        (_name(page), line)
        for page in PAGES
        if page.name not in GENERATED
        for block in _blocks(page, "sh", "console")
        for line in _command_lines(block)
    )
    return [pytest.param(line, id=f"{page}: {line}") for page, line in found]


def _command_lines(block: str) -> Iterator[str]:
    for line in block.replace("\\\n", " ").splitlines():
        text = line.strip().removeprefix("$ ")
        if text.startswith(("keyfleet ", "kubectl keyfleet ")):
            yield text


@pytest.mark.parametrize("line", _commands())
def test_every_command_parses(line: str) -> None:
    """A command that is shown has these words and flags."""
    words = shlex.split(line.removeprefix("kubectl "), comments=True)[1:]
    own = takewhile(lambda word: word not in {"|", "&&", ">", "<", "&", "||"}, words)
    program().parse_args(normalised(list(own), {}), exit_on_error=False, print_error=False)


# Bounds.


def _bounds() -> list[Any]:
    pages = (ROOT / "docs" / "concepts").glob("*.md")
    rows = [found for page in sorted(pages) for found in _BOUND.finditer(page.read_text())]
    return [pytest.param(found[0], found[1], id=found[1]) for found in rows]


@pytest.mark.parametrize(("row", "constant"), _bounds())
def test_every_bound_is_the_one_of_the_source(row: str, constant: str) -> None:
    """A figure that is promised is the figure that is used."""
    for figure in _figures(constant):
        assert re.search(rf"(?<![\d.]){figure:,g}(?![\d.])", row), f"{constant} is {figure:g}"


def _figures(constant: str) -> list[float]:
    module, _, name = constant.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    if isinstance(value, int | float):
        return [value]
    return [value.base_s, value.cap_s]


def test_every_limit_of_a_render_is_the_one_of_the_source() -> None:
    """Sizes are in MiB."""
    page = (ROOT / "docs" / "compat" / "go-templates.md").read_text()
    for name, value in asdict(DEFAULT_LIMITS).items():
        figure = f"{value >> 20} MiB" if name.endswith("_bytes") else f"{value:,}"
        assert f"| {figure} |" in page, f"{name} is {figure}"


# Pages.


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Links between pages are relative, and what they name exists."""
    links = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_on_the_map() -> None:
    """A page that nobody can find is not there."""
    links = _LINK.findall((ROOT / "docs" / "README.md").read_text())
    listed = {(ROOT / "docs" / link).resolve() for link in links}
    pages = set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs" / "README.md"}
    wanted = {page for page in pages if page.parent.name != "adr"}
    assert {_name(page) for page in wanted - listed} == set()
