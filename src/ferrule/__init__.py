"""Compiles trained neural networks into small `no_std` Rust crates for many-core microcontrollers."""

__version__ = "0.1.0"
