//! Requantization equals its definition on edge values, and the compiler's arithmetic on vectors
//! that the compiler wrote.

use kernels::requantize::{doubling_high, rounding_shift, scale, Requantize};
use kernels::wide::{by_halves, doubled_by_words, product};

/// `value * multiplier * 2^(shift - 31)` on each line, in this order, and the result.
static VECTORS: &str = include_str!("../../../tests/golden/requantize.txt");

/// Small numbers, powers of two, their neighbours, and all of these negated.
fn edges() -> Vec<i32> {
    let powers = (0..31).map(|power| 1_i32 << power).chain([i32::MAX]);
    let near = powers.flat_map(|power| [power - 1, power, power.saturating_add(1)]);
    let mut edges: Vec<i32> = near.flat_map(|value| [value, -value]).collect();
    edges.extend([3 << 29, -(3 << 29), i32::MIN]);
    edges.sort_unstable();
    edges.dedup();
    edges
}

#[test]
fn products_by_halves_are_products() {
    for a in edges() {
        for b in edges() {
            assert_eq!(by_halves(a, b), i64::from(a) * i64::from(b), "{a} * {b}");
            assert_eq!(product(a, b), i64::from(a) * i64::from(b), "{a} * {b}");
        }
    }
}

#[test]
fn doubling_high_rounds_to_nearest_and_ties_up() {
    for a in edges() {
        for b in edges() {
            if (a, b) != (i32::MIN, i32::MIN) {
                let exact = i128::from(a) * i128::from(b);
                let expected = (2 * exact + (1 << 31)).div_euclid(1 << 32);
                assert_eq!(i128::from(doubling_high(a, b)), expected, "{a} * {b}");
                assert_eq!(i128::from(doubled_by_words(a, b)), expected, "{a} * {b}");
            }
        }
    }
}

#[test]
fn rounding_shift_rounds_to_nearest_and_ties_away_from_zero() {
    for value in edges() {
        for right in 0..32 {
            let size = i64::from(value).unsigned_abs();
            let expected = (2 * size + (1 << right)) / (2 << right);
            let expected = i64::try_from(expected).unwrap() * i64::from(value.signum());
            let result = i64::from(rounding_shift(value, right));
            assert_eq!(result, expected, "{value} >> {right}");
        }
    }
}

#[test]
fn scale_equals_the_compiler() {
    let mut lines = 0;
    for line in VECTORS.lines() {
        let numbers: Vec<i32> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        let [value, multiplier, shift, expected] = numbers[..] else {
            panic!("four numbers, not `{line}`");
        };
        let result = scale(value, multiplier, i8::try_from(shift).unwrap());
        assert_eq!(result, expected, "{line}");
        lines += 1;
    }
    assert!(lines > 1000, "{lines} vectors");
}

#[test]
fn apply_adds_the_zero_point_and_clamps() {
    let requantize = Requantize {
        multipliers: &[1 << 30, 1 << 30],
        shifts: &[1, 0],
        zero_point: -10,
        low: -100,
        high: 90,
    };
    for (accumulator, channel, stored) in [
        (0, 0, -10),
        (5, 0, -5),
        (5, 1, -7),
        (-5, 1, -12),
        (99, 0, 89),
        (101, 0, 90),
        (-91, 0, -100),
        (1 << 29, 0, 90),
        (-(1 << 29), 0, -100),
        (77, 2, -10),
    ] {
        assert_eq!(
            requantize.apply(accumulator, channel),
            stored,
            "{accumulator}, {channel}"
        );
    }
}
