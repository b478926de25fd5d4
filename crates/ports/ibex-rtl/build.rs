//! Lets the linker find `link.x`; the final crate names it with `-Tlink.x`.

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=link.x");
}
