"""How fast the fast solver is on this machine, and how exact: cases, clocks, references, tables.

=============  ==========================================================================
module         holds
=============  ==========================================================================
`setting`      what is asked for: terrain, radius, cell, the cases
`ground`       the terrain and the receiving grids of the cases
`measure`      one case: stages, memory, accuracy
`memory`       the peak of a process
`reference`    the same pixels path by path: how far the losses differ, and what they cost
`child`        a process of its own for every measurement
`campaign`     all measurements of a setting, as one object for JSON
`report`       the tables that people read
=============  ==========================================================================
"""
