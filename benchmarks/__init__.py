"""Benchmarks at ASGI level: HawkAPI against a hand-written floor and other frameworks, in one run."""
