"""Readers of model files: one file for each format."""
