"""Measurements, not tests: nothing here fails because a machine was slow. `python -m tests.benchmarks NAME`."""
