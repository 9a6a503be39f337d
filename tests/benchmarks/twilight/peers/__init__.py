"""Other programs' flat-field controllers, from their installed packages, on our nights."""
