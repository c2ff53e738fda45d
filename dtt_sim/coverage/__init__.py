"""Field strength of one transmitter over a grid: the only place where terrain meets propagation."""
