r"""The wedge search: every receiver's own exact profile maxima, at a nearly constant cost each.

::

          range, columns 1, 2, 3 ...                      wedge k: slopes k/Q <= t < (k+1)/Q
     0 ----+----+----+----+----+----+----+----+----+----   at most one row wide at the rim,
    Tx ''--.o....o----o----o----o----o----o----o----o--    so its paths share three rows of
           +  ''+'-.o----o----o----o----o----o----o----    nodes in every column
           |    |    '''+-.._o___o----o----o----o----
                              '''+--..o____o----o----
                                         ''+-.._ Rx1     receivers of a wedge, by range,
                                              ''-- Rx2    16 to a group: one per SIMD lane

    height    U (block)     ________
      |      ________      |   /\   |       U bounds what any path of the wedge can meet,
      |     |  _/\   |     |__/  \__|       column by column and block by block
      |  _ _|_/_ _\_ | _ _/ _ _ _ _ \_ _ T: what a column must exceed to matter to a lane
      |____|/_______\|___/___________\__
            looked at      looked at

What differs among receivers of a wedge is their own height, range and place between the rows. What
they share is which columns can matter at all, and those are few: a block of 32 columns whose bound
stays below every lane's threshold is never read. Columns that remain are evaluated in double
precision on each lane's *own* path, so that the maxima are those of the path and no receiver is
moved onto another one's ray. Sums over the profile follow from prefix sums along the wedge.

=============  ==========================================================================
module         holds
=============  ==========================================================================
`layout`       names and sizes that the parts share
`strip`        one wedge's ground, and what bounds it
`sums`         sums over the profile of any of its paths
`zones`        radio-climatic zones along its paths
`lanes`        one column put to all lanes of a group: where heights enter results
`group`        sixteen receivers, one to a lane, and their results
`horizon`      the transmitter's horizons
`thresholds`   how high a column must be to matter
`search`       which columns to look at
`bits`         comparisons of whole blocks, as LLVM that any processor has
`solve`        groups into tiles, tiles through the closed form: what one thread runs
`reference`    the same losses path by path, for tests and benchmarks
=============  ==========================================================================

The profile of a receiver at range x (columns, any real number) and slope t has samples at the
columns i = 0 .. n-1, n = round(x), at (i, i t) between the two rows next to it, and ends at the
receiver itself; the last step is 0.5 to 1.5 columns long.
"""
