# SPDX-License-Identifier: Apache-2.0
"""`spec.template` -> what the Secret looks like besides its sealed items.

Source: compat/sealed-secrets.md 2.1, 2.2.
"""

from keyfleet.dialects.sealedsecrets.kinds import SealedSecretSpec, Template
from keyfleet.dialects.sealedsecrets.marks import DEFERENCE, SKIP_OWNER, TRUE, reference
from keyfleet.model.dress import Dress
from keyfleet.model.intent import Origin, Shape
from keyfleet.model.ownership import MANAGED_BY_LABEL
from keyfleet.model.rendering import Functions, MergePolicy, MissingKey, Rendering, Root

PATH = "spec.template"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def shape(spec: SealedSecretSpec, origin: Origin) -> Shape:
    """Return what the Secret looks like.

    Of a complete Secret sealed as one text everything is in that text.
    """
    template = spec.template if spec.whole is None else Template()
    metadata = template.metadata
    return Shape(
        type=template.type,
        # Who manages the Secret is one of Keyfleet's own marks; charts label all with theirs.
        labels={name: text for name, text in metadata.labels.items() if name != MANAGED_BY_LABEL},
        # What kubectl applied says the values of a Secret in clear, and nothing of this one.
        annotations={name: text for name, text in metadata.annotations.items() if name != _APPLIED},
        rendering=_rendering(template),
        dress=_dress(spec, origin),
        keeps_type=True,
        deference=DEFERENCE,
    )


def is_owner(spec: SealedSecretSpec) -> bool:
    """Tell whether the Secret is tied to the SealedSecret."""
    return spec.template.metadata.annotations.get(SKIP_OWNER) != TRUE


def _dress(spec: SealedSecretSpec, origin: Origin) -> Dress:
    template = spec.template if spec.whole is None else Template()
    return Dress(
        manifest=reference(origin),
        is_owner=is_owner(spec),
        finalizers=template.metadata.finalizers,
        is_immutable=template.immutable,
    )


def _rendering(template: Template) -> Rendering | None:
    if not template.data:
        return None
    return Rendering(
        data=dict(template.data),
        functions=Functions.SEALEDSECRETS,
        missing_key=MissingKey.DEFAULT,
        merge=MergePolicy.MERGE,
        root=Root.VALUES,
        source_wins=True,
        sees_texts=True,
        gathers=True,
        path=PATH,
    )
