"""Observing blocks, template signatures, and validation of the whole before anything moves."""

from sequencer.observing.block import OB, TemplateCall, compose_ob, load_ob, read_ob
from sequencer.observing.signature import ParameterSpec, Signature, load_signatures
from sequencer.observing.validation import Validation, validate

__all__ = [
    "OB",
    "ParameterSpec",
    "Signature",
    "TemplateCall",
    "Validation",
    "compose_ob",
    "load_ob",
    "load_signatures",
    "read_ob",
    "validate",
]
