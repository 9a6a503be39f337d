"""What a detector makes of the light: pixel maps, charge, coupling, read-out. Pure functions of keys."""
