//! Lets the linker find `link.x`, which the final crate names with `-Tlink.x`, and the memory of
//! the board that goes with the target.

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    // Of these boards only the MPS3 has a core of ARMv8-M.
    let board = if target.starts_with("thumbv8m") {
        "mps3"
    } else {
        "mps2"
    };
    println!("cargo::rustc-check-cfg=cfg(mps2)");
    if board == "mps2" {
        println!("cargo::rustc-cfg=mps2");
    }
    let folder = env!("CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-search={folder}");
    println!("cargo::rustc-link-search={folder}/{board}");
    println!("cargo::rerun-if-changed=link.x");
    println!("cargo::rerun-if-changed={board}/memory.x");
}
