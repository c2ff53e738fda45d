"""Open terrain, land cover, population and units: fetched once, kept with checksums and credits."""
