# SPDX-License-Identifier: Apache-2.0
import pytest

from keyfleet.transform.gotemplate import TemplateError, render


def rendered(template: str) -> str:
    return render(template, None, functions="consul")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{ scratch.Set "a" 1 }}|{{ scratch.Get "a" }}', "|1"),
        ('{{ scratch.Key "a" }}', "false"),
        ('{{ scratch.Get "a" }}', "<no value>"),
        ('{{ scratch.SetX "a" 1 }}{{ scratch.SetX "a" 2 }}{{ scratch.Get "a" }}', "1"),
        ('{{ with scratch }}{{ .MapSetX "m" "b" 1 }}{{ .Get "m" }}{{ end }}', "map[b:1]"),
        ('{{ toJSON (scratch.MapValues "m") }}', "null"),
        ('{{ scratch.Set "a" 1 }}{{ scratch.MapValues "a" }}', "[]"),
        ('{{ block "x" . }}{{ scratch.Set "w" 1 }}{{ end }}{{ scratch.Get "w" }}', "1"),
    ],
)
def test_notes_last_for_the_whole_render(template: str, text: str) -> None:
    assert rendered(template) == text


def test_a_map_keeps_what_it_has_and_gives_it_by_key() -> None:
    calls = ('MapSet "m" "b" 1', 'MapSet "m" "a" 2', 'MapSetX "m" "a" 3', 'MapSet "m" "b" 4')
    template = "".join(f"{{{{ scratch.{call} }}}}" for call in calls)
    assert rendered(template + '{{ scratch.MapValues "m" }}') == "[2 4]"


def test_notes_do_not_outlive_their_render() -> None:
    rendered('{{ scratch.Set "a" 1 }}')
    assert rendered('{{ scratch.Key "a" }}') == "false"


@pytest.mark.parametrize("setter", ["MapSet", "MapSetX"])
def test_a_note_that_is_no_map_gets_no_entries(setter: str) -> None:
    with pytest.raises(TemplateError, match='"a" is not a map'):
        rendered(f'{{{{ scratch.Set "a" 1 }}}}{{{{ scratch.{setter} "a" "x" 1 }}}}')


def test_has_no_other_methods() -> None:
    with pytest.raises(TemplateError, match="can't evaluate field notes"):
        rendered("{{ scratch.notes }}")
