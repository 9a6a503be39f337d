"""What kind of template a signature is, in ESO's words."""

from __future__ import annotations

import re

from sequencer.observing.exchange.acquisition import is_acquisition
from sequencer.observing.signature import Signature


def template_type(signature: Signature) -> str:
    """Return acquisition, calib or science: by the name (`<INST>_<mode>_<acq|obs|cal|tec>`), else by DPR.CATG."""
    if is_acquisition(signature.name):
        return "acquisition"
    if re.search(r"_obs(_|$)", signature.name):
        return "science"
    category = signature.parameters.get("DPR.CATG")
    return "science" if category and category.default == "SCIENCE" else "calib"
