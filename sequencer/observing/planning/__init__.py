"""The plan of a night, made from an observing block before anything moves: priors, times, pointing, levels."""
