"""Devices: a typed client and a server base class for each kind, over one state chart."""
