"""Reduction by programs of other people: a folder and a manifest in, products and a record out."""
