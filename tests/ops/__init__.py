"""Cases of each operator."""
