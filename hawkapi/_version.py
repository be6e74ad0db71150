"""The version, alone in a file that the build reads and that imports nothing."""

__version__ = "0.1.0"
