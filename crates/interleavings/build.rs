//! Says to the runtime's sources that they are compiled for the model checker.

fn main() {
    println!("cargo:rustc-cfg=loom");
    println!("cargo:rerun-if-changed=build.rs");
}
