"""Finds, or unpacks into a private folder, the tools that build and emulate firmware."""
