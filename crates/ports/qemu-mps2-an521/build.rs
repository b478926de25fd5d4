//! Lets the linker find the scripts; an image names `link.x` or `link-1.x` with `-T`.

fn main() {
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    for script in ["link.x", "link-1.x", "memory.x", "sections.x"] {
        println!("cargo::rerun-if-changed={script}");
    }
}
