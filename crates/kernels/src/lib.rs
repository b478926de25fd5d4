//! Exact integer kernels of neural-network operators, one file each.
//!
//! A kernel is a function of a parameter struct, whose values are known while compiling a model,
//! and a claim: views of the inputs and of the output elements that this core computes. Kernels
//! neither allocate nor panic: what a malformed struct would put out of range is skipped.
#![no_std]
#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod add;
pub mod add_mve;
pub mod average_pool2d;
pub mod average_pool2d_dsp;
pub mod average_pool2d_mve;
pub mod average_pool2d_quads;
pub mod columns;
pub mod concatenation;
pub mod conv2d;
pub mod conv2d_direct_mve;
pub mod conv2d_dsp;
pub mod conv2d_few_lanes;
pub mod conv2d_few_thumb;
pub mod conv2d_lanes;
pub mod conv2d_mve;
pub mod conv2d_strips;
pub mod conv2d_thumb;
pub mod depthwise_conv2d;
pub mod depthwise_conv2d_dsp;
pub mod depthwise_conv2d_mve;
pub mod depthwise_lines_thumb;
pub mod depthwise_planes;
pub mod depthwise_short_mve;
pub mod depthwise_taps;
pub mod depthwise_taps_dsp;
pub mod depthwise_taps_thumb;
pub mod depthwise_thumb;
pub mod dsp_filters;
pub mod few;
pub mod fully_connected;
pub mod fully_connected_dsp;
pub mod fully_connected_mve;
pub mod fully_connected_quads;
pub mod fully_connected_thumb;
pub mod grid;
#[allow(unsafe_code)]
pub mod instructions;
pub mod linear_add;
pub mod linear_add_dsp;
pub mod max_pool2d;
pub mod max_pool2d_dsp;
pub mod max_pool2d_mve;
pub mod mean;
pub mod mve_filters;
pub mod mve_image;
pub mod narrow_conv2d_dsp;
pub mod pad;
pub mod pointwise_conv2d_dsp;
pub mod pointwise_few_mve;
pub mod pointwise_lanes;
pub mod pointwise_mve;
pub mod pointwise_thumb;
pub mod pool_dsp;
pub mod pool_runs;
pub mod relu;
pub mod relu_table;
pub mod requantize;
pub mod rolled;
pub mod softmax;
pub mod softmax_pair;
pub mod split_rescale;
pub mod taps;
pub mod wide;
pub mod window;
