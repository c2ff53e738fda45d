"""Which settings would be better: searches over the network that need no new path loss."""
