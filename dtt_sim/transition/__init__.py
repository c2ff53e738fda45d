"""The transition from analogue to digital: phases, who gains, who loses and why, what it costs."""
