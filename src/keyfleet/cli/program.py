# SPDX-License-Identifier: Apache-2.0
"""The list of commands: where each is, and one line of what it does."""

from collections.abc import Collection
from pathlib import PurePath

from cyclopts import App, Group, Parameter

from keyfleet import __version__
from keyfleet.cli.help import PlainHelp

SEE = Group("See", sort_key=1)
DO = Group("Do", sort_key=2)
SET_UP = Group("Set up", sort_key=3)

COMMANDS = (
    ("demo", SET_UP, "Watch Keyfleet work on real control planes on this machine."),
    ("install", SET_UP, "Make a cluster the hub: CRDs, admission policies, keyfleet-system."),
    ("uninstall", SET_UP, "Take Keyfleet out; every delivered Secret stays and works."),
    ("run", SET_UP, "Run the controller: keep every secret true in every cluster."),
    ("plan", SEE, "Show what would change where; from files or from the hub."),
    ("apply", DO, "Deliver once, from files; nothing needs to be installed anywhere."),
    ("diff", SEE, "Compare the fleet with what is declared on the hub."),
    ("status", SEE, "Show every secret in every cluster."),
    ("why", SEE, "Explain one secret: why it is there or not, and what to change."),
    ("clusters", SEE, "Show the clusters of the fleet; trust one."),
    ("doctor", SEE, "Look for what is wrong, or will be, in every cluster."),
    ("sync", DO, "Deliver one secret now, past every back-off."),
    ("approve", DO, "Let held deletions go; list what waits."),
    ("wait", SEE, "Block until a secret is in sync."),
    ("validate", SEE, "Check manifests without any cluster."),
    ("seal", DO, "Seal Secrets as kubeseal does; for many clusters at once."),
    ("unseal", DO, "Open SealedSecrets and print the Secrets: for recovery."),
    ("cert", SEE, "Fetch the certificates that values are sealed with."),
    ("adopt", DO, "Take over the targets of a hub, or of a key, that is lost."),
    ("lint", SEE, "Look through a Git tree for values in clear or badly sealed."),
    ("keys", SEE, "Show sealing keys and what they open; back them up, restore them."),
    ("reseal", DO, "Seal a tree's values anew for each cluster's newest key."),
    ("completion", SET_UP, "Print the completion script of a shell."),
    ("version", SET_UP, "Print the version."),
)
"""Name, group and help; the function is `<name>` of the module that `module_of` gives."""

SEALING = frozenset({"cert", "keys", "lint", "reseal", "seal", "unseal"})
"""Commands of the folder `sealing`."""


def program(called: Collection[str] = (), path: str = "keyfleet") -> App:
    """Return the command line; no command is imported yet.

    Args:
        called: Words of the command line. A command among them shows its own, longer help.
        path: How this program was called.
    """
    app = App(
        name=program_name(path),
        help="Keep secrets in step across fleets of Kubernetes clusters.",
        help_epilogue="Global flags (--kubeconfig, --context, -n, -o, -v) stand before or after "
        "the command; `keyfleet COMMAND --help` lists them.",
        version=__version__,
        help_format="plaintext",
        help_formatter=PlainHelp(),
        default_parameter=Parameter(show_default=False),
        end_of_options_delimiter="--",
        result_action="return_value",
    )
    app["--help"].group = app["--version"].group = SET_UP
    for name, group, text in COMMANDS:
        app.command(
            f"{module_of(name)}:{name}",
            name=name,
            help=None if name in called else text,
            group=group,
        )
    return app


def module_of(command: str) -> str:
    """Return where a command is.

    >>> module_of("plan"), module_of("seal")
    ('keyfleet.cli.plan', 'keyfleet.cli.sealing.seal')
    """
    return f"keyfleet.cli.{'sealing.' if command in SEALING else ''}{command}"


def program_name(path: str) -> str:
    """Return how the program was called.

    >>> program_name("/usr/local/bin/kubectl-keyfleet")
    'kubectl keyfleet'
    """
    return "kubectl keyfleet" if PurePath(path).name.startswith("kubectl-") else "keyfleet"
