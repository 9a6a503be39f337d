"""The shared world of a simulated night: sky, telescope, beam and detectors on one timeline."""
