# SPDX-License-Identifier: Apache-2.0
"""Short ways to render in tests of one function set."""

from keyfleet.transform.gotemplate import TemplateError, render


def consul(action: str, **data: object) -> str:
    """Return what an action of a template of Vault's agent gives."""
    return render(f"{{{{ {action} }}}}", data, functions="consul", missingkey="zero")


def sprout(action: str, **data: object) -> str:
    """Return what an action of a template of KubeNSync gives."""
    return render(f"{{{{ {action} }}}}", data, functions="sprout")


def problem(play: object, action: str, **data: object) -> str:
    """Return the error of an action, without its place."""
    assert callable(play)
    try:
        text = play(action, **data)
    except TemplateError as error:
        return str(error).partition(">: ")[2]
    return f"no error, but {text}"
