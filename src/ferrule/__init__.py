"""Compiles trained neural networks into `no_std` Rust for every core of a microcontroller."""

__version__ = "0.1.0"
