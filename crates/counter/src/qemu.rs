//! The part of QEMU's plugin interface that we use; it is the same in versions 1 to 4.

use std::ffi::{c_int, c_uint, c_void};

/// Called when a core executes a block or an instruction.
pub type Executed = extern "C" fn(core: c_uint, user: *mut c_void);

unsafe extern "C" {
    pub fn qemu_plugin_register_vcpu_init_cb(id: u64, call: extern "C" fn(u64, c_uint));
    pub fn qemu_plugin_register_vcpu_idle_cb(id: u64, call: extern "C" fn(u64, c_uint));
    pub fn qemu_plugin_register_vcpu_exit_cb(id: u64, call: extern "C" fn(u64, c_uint));
    pub fn qemu_plugin_register_vcpu_tb_trans_cb(id: u64, call: extern "C" fn(u64, *mut c_void));
    pub fn qemu_plugin_register_atexit_cb(
        id: u64,
        call: extern "C" fn(u64, *mut c_void),
        user: *mut c_void,
    );
    pub fn qemu_plugin_register_vcpu_tb_exec_cb(
        block: *mut c_void,
        call: Executed,
        flags: c_int,
        user: *mut c_void,
    );
    pub fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut c_void,
        call: Executed,
        flags: c_int,
        user: *mut c_void,
    );
    pub fn qemu_plugin_tb_n_insns(block: *const c_void) -> usize;
    pub fn qemu_plugin_tb_get_insn(block: *const c_void, index: usize) -> *mut c_void;
    pub fn qemu_plugin_insn_vaddr(instruction: *const c_void) -> u64;
    pub fn qemu_plugin_insn_size(instruction: *const c_void) -> usize;
}
