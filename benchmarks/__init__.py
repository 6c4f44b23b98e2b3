"""Measurements, each as a ratio or a rate from one run: ``python -m benchmarks.NAME``."""
