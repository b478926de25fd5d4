"""Reads model files: one module for each format."""

from ferrule.importers.tflite import load

__all__ = ["load"]
