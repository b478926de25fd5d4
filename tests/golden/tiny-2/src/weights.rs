//! Constants of every operator: weights, bias and requantization. Generated; do not edit.

use kernels::fully_connected::FullyConnected;
use kernels::requantize::Requantize;

/// Of `a";\u{a}panic!()//\u{202e}`.
pub static A: FullyConnected = FullyConnected {
    depth: 8,
    input_zero_point: 3,
    weights_zero_point: 0,
    weights: &[
        113, 32, 47, 101, 20, 70, 85, -70, -113, -51, -55, 95, 105, -126, 0, 82, -94, 76, -97, -8,
        81, -50, -40, -57, 56, -63, 125, -14, -6, 1, 21, 14,
    ],
    bias: &[
        0, 1, 2, 3,
    ],
    requantize: Requantize {
        multipliers: &[
            1610612736, 1610612736, 1610612736, 1610612736,
        ],
        shifts: &[
            -7, -7, -7, -7,
        ],
        zero_point: -5,
        low: -5,
        high: 127,
    },
};

/// Of `../../lead`.
pub static LEAD: FullyConnected = FullyConnected {
    depth: 4,
    input_zero_point: -5,
    weights_zero_point: 0,
    weights: &[
        2, 126, 78, 75, 51, 31, -41, 125,
    ],
    bias: &[
        0, 1,
    ],
    requantize: Requantize {
        multipliers: &[
            1073741824, 1073741824,
        ],
        shifts: &[
            -5, -5,
        ],
        zero_point: 0,
        low: 0,
        high: 127,
    },
};
