"""Station lists as people keep them, to the station table that scenarios read, and back."""
