//! Hands the linker script of the chosen machine over, as a generated crate does.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let architecture = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap();
    println!("cargo::rustc-link-arg=-T{folder}/{architecture}.ld");
    println!("cargo::rerun-if-changed={architecture}.ld");
}
