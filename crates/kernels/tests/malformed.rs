//! Numbers that no model has: inner loops compute nothing or wrap, and do not panic.

use core::ops::ControlFlow;
use kernels::add_mve::{AddMve, MveOperand};
use kernels::depthwise_conv2d_dsp::DepthwiseFilters;
use kernels::instructions::dsp::arithmetic::{smmlar, smmlsr};
use kernels::instructions::dsp::depthwise::{Band, Outputs, Size};
use kernels::instructions::dsp::gather::{gather, Rows};
use kernels::instructions::mve::add::add;
use kernels::instructions::mve::multiply::multiply;
use kernels::instructions::mve::plane::{Filters, Plane};
use kernels::instructions::mve::pool;
use kernels::instructions::mve::runs::{multiply_runs, MvePairs, Walk};
use kernels::instructions::thumb::plane;
use kernels::mve_filters::{MveFilters, MveRange};
use kernels::pool_runs::Seen;
use kernels::requantize::{scale, Requantize};
use kernels::split_rescale::SplitRescale;
use kernels::window::Window;
use runtime::{step, Alone, Claim, Port, Slot, Team, Whole};

const ENDS: [i32; 5] = [i32::MIN, -1, 0, 1, i32::MAX];
const RANGE: MveRange = MveRange {
    zero_point: i32::MAX,
    low: -128,
    high: 127,
};
const WEIGHTS: i32 = 0x7f7f_7f7f;

/// Runs of four channels: so many biases, vectors of weights, multipliers and shifts.
const BLOCKS: [i32; 25] = {
    let mut words = [WEIGHTS; 25];
    let mut at = 0;
    while at < 4 {
        (words[at], words[20 + at]) = (i32::MAX, i32::MIN);
        at += 1;
    }
    words
};

/// The same for pairs of channels.
const PAIRS: [i32; 20] = {
    let mut words = [i32::MAX; 20];
    let mut at = 8;
    while at < 16 {
        words[at] = WEIGHTS;
        at += 1;
    }
    words
};

#[test]
fn rows_may_begin_at_the_same_value() {
    let values: [i8; 8] = [1, -2, 3, -4, 5, 6, 7, 8];
    let gathered = |count, pitch, skipped| {
        let mut column = [9; 24];
        let rows = Rows {
            count,
            quads: 2,
            pitch,
            skipped,
        };
        gather(&values, rows, &mut column);
        column
    };
    let once = gathered(1, 8, 0);
    assert_eq!(once[0], 0x0003_0001);
    assert_eq!(once[3], 0xfffc_fffe);
    assert_eq!(gathered(1, 0, 0), once);
    assert_eq!(gathered(1, 0, usize::MAX), once);
    assert_eq!(gathered(2, 0, 0)[12..], once[..12]);
    assert_eq!(gathered(2, usize::MAX, 0), [9; 24]);
    assert_eq!(gathered(2, 0, usize::MAX), [9; 24]);
}

#[test]
fn products_wrap() {
    for first in ENDS {
        for second in ENDS {
            for sum in ENDS {
                let _ = (smmlar(first, second, sum), smmlsr(first, second, sum));
            }
            for shift in [i8::MIN, -33, -32, -31, 0, 31, i8::MAX] {
                let _ = scale(first, second, shift);
            }
        }
    }
    let requantize = Requantize {
        multipliers: &[i32::MAX],
        shifts: &[31],
        zero_point: i32::MAX,
        low: -128,
        high: 127,
    };
    let _ = requantize.apply(i32::MAX, 0);
}

#[test]
fn sums_of_two_tensors_wrap() {
    for end in ENDS {
        let operand = MveOperand {
            zero_point: end,
            multiplier: i32::MAX,
            shift: 31,
        };
        let params = AddMve {
            first: operand,
            second: operand,
            multiplier: end,
            shift: end,
            range: RANGE,
        };
        add(&params, &[127, -128], &[127, -128], &mut [0; 2]);
    }
}

#[test]
fn sums_of_products_wrap() {
    let filters = MveFilters {
        channels: 4,
        vectors: 1,
        blocks: &BLOCKS,
        range: RANGE,
    };
    multiply(&filters, &[127; 16], 16, &mut [0; 4]);
    // More of these than there are cannot be counted.
    filters.rows(&[127; 16], usize::MAX, &mut [0; 4], &mut [0; 16]);
}

#[test]
fn sums_of_runs_wrap() {
    let pairs = MvePairs {
        channels: 2,
        runs: 1,
        vectors: 1,
        blocks: &PAIRS,
        range: RANGE,
    };
    for first in [0, usize::MAX - 1, usize::MAX] {
        let walk = Walk {
            first,
            width: 1,
            row: 0,
            step: 0,
            pitch: 0,
        };
        multiply_runs(&pairs, &walk, &[127; 16], &mut [0; 10], &mut [0; 10]);
    }
}

#[test]
fn sums_of_taps_wrap() {
    let window = Window {
        input_height: 1,
        input_width: 2,
        output_width: 2,
        filter_height: 1,
        filter_width: 1,
        stride_height: 1,
        stride_width: 1,
        dilation_height: 1,
        dilation_width: 1,
        padding_top: 0,
        padding_left: 0,
    };
    let (mut scratch, mut outputs) = ([0; 64], [0; 2]);
    let memory = (&mut scratch[..], &mut outputs[..]);
    let plane = Plane::<1>::new(&window, (1, 2, 1), (1, 1), 0..1, 127, RANGE, memory);
    let mut plane = plane.unwrap();
    plane.load(&[127, 127], 0);
    let filters = Filters {
        weights: &[0, 127, 0, 127],
        scales: &[i32::MAX, i32::MAX, -1],
    };
    plane.compute(filters, 0);
    plane.compute_long(filters, 0);
}

/// The port of a team that waits for nobody.
#[derive(Clone, Copy)]
struct Nobody;

// SAFETY: there is one thread.
unsafe impl Port for Nobody {
    fn wait(&self, _: u32) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

/// A layer of four input elements, and one pixel of four channels.
static LAYER: Whole<(i8,), i8> = step(0)
    .reads(Slot::<i8, 4>::at(0))
    .writes(Slot::<i8, 4>::at(4))
    .whole(1, 4);

/// Lets a function have the output of a layer.
fn with_output(kernel: fn(&(), Claim<'_, (i8,), i8>)) {
    let team = Team::<8, 1, Alone>::new();
    let mut lead = team.lead(Nobody, 1).expect("free");
    let mut member = lead.begin().expect("idle").member();
    member.whole(&LAYER, kernel, &()).expect("inside the arena");
    member.finish().expect("nobody to wait for");
}

#[test]
fn a_stride_that_no_plane_has_is_refused() {
    with_output(|(), mut claim| {
        let rescale = SplitRescale {
            records: &[],
            is_signed: false,
            low: 1,
            high: 1,
        };
        let target = plane::Target {
            channel: 0,
            first: 0,
            lines: 3,
            length: 1,
            line: 0,
            step: 0,
        };
        for stride in [0, 3, usize::MAX] {
            let values = plane::Plane {
                values: &[0; 64],
                pitch: 8,
                stride,
            };
            let (weights, record) = ([0; plane::TAPS], [0; 4]);
            plane::filter(
                values,
                &weights,
                &record,
                &rescale,
                target,
                &mut claim.output,
            );
        }
        assert_eq!(claim.output.run(0), [0; 4]);
    });
}

#[test]
fn channels_without_filters_are_left_out() {
    with_output(|(), mut claim| {
        let filters = DepthwiseFilters {
            words: &[1 << 30; 24],
            zero_point: 1,
            signed: false,
        };
        let size = Size {
            pitch: 12,
            width: 1,
            stride: 1,
        };
        let mut outputs = Outputs::new(&mut claim.output, &filters, size).expect("a pair fits");
        for first in [1, usize::MAX / 6, usize::MAX] {
            let band = Band {
                row: 0,
                rows: 1,
                channel: 0,
                first,
            };
            outputs.compute(&[0; 24], band);
        }
        assert_eq!(claim.output.run(0), [0; 4]);
    });
}

/// What a pool sees may not reach behind the values, have no taps, or more than sums have room for.
#[test]
fn means_of_what_is_not_there_are_left_out() {
    let seen = |rows, columns, step| Seen {
        rows,
        columns,
        step,
    };
    let mean = |seen: Seen, depth: usize| {
        let mut outputs = [9; 8];
        pool::average(&[4; 600], seen, depth, &mut outputs);
        outputs
    };
    assert_eq!(mean(seen((1, 0), (256, 2), 2), 8), [4; 8]);
    for (seen, depth) in [
        (seen((1, 0), (257, 1), 1), 1),
        (seen((0, 4), (1, 4), 4), 4),
        (seen((1, 4), (0, 4), 4), 4),
        (seen((2, 597), (1, 0), 4), 4),
        (seen((1, 0), (1, 0), 599), 4),
        (seen((usize::MAX, usize::MAX), (2, usize::MAX), 1), 1),
        (seen((2, usize::MAX), (1, 1), usize::MAX), 1),
        (seen((1, 1), (1, 1), 1), 0),
    ] {
        assert_eq!(mean(seen, depth), [9; 8], "{seen:?}");
    }
}
