"""Comparison of finished runs: what one gains, loses and costs against another."""
