"""Instrument, site and deployment models, and the hardened YAML reader behind them."""

from sequencer.config.load import load_deployment, load_instrument, load_site
from sequencer.config.problems import ConfigErrors, Problem

__all__ = ["ConfigErrors", "Problem", "load_deployment", "load_instrument", "load_site"]
