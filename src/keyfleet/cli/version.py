# SPDX-License-Identifier: Apache-2.0
"""`keyfleet version`."""

from keyfleet import __version__
from keyfleet.cli.options import NO_OPTIONS, Common, Format
from keyfleet.cli.terminal import write_data


def version(*, common: Common = NO_OPTIONS) -> None:
    """Print the version of this program."""
    if common.output in (Format.JSON, Format.YAML):
        from keyfleet.cli.output import Answer, show

        show(Answer((), (), {"version": __version__}), common)
    else:
        write_data(f"{__version__}\n")
