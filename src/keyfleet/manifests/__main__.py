# SPDX-License-Identifier: Apache-2.0
"""Write the files that are made from the native types: `python -m keyfleet.manifests [ROOT]`.

They are checked in, so that GitOps tools and readers need no Python; a test fails when one is
stale.
"""

import sys
from pathlib import Path

from keyfleet.manifests.generated import generated_files


def main() -> None:
    """Write every generated file below the folder given, default the current one."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for name, text in generated_files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
