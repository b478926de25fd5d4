//! Conv2d for cores without SIMD, two products in one multiplication.

use crate::instructions::lanes::{as_bytes, Lanes};
use crate::instructions::rv32::{sums, CHANNELS, PAIRS};
use crate::short_rescale::ShortRescale;
use crate::window::{Taps, Window};
use runtime::Claim;

/// Parameters of [`conv2d_lanes`].
#[derive(Debug)]
pub struct Conv2dLanes {
    /// Where the filter lies.
    pub window: Window,
    /// Input channels.
    pub depth: usize,
    /// Stored value of padding: the zero point of the input, in `[-128, 127]`.
    pub padding: i8,
    /// Weights by groups of channels, taps in the order of a filter's elements.
    pub weights: Lanes,
    /// Bias `[outputs]`, less the zero point of the input times the sum of the weights.
    pub bias: &'static [i32],
    /// How accumulators become outputs.
    pub rescale: ShortRescale,
}

/// Pixels that are computed at a time.
const PIXELS: usize = 2 * PAIRS;

/// Computes `[pixels, outputs]` from `[height, width, depth]`.
///
/// Scratch: for each tap three words of pixel pairs, then two pixels' values as bytes.
pub fn conv2d_lanes(params: &Conv2dLanes, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input().flat();
    let taps = params.weights.taps();
    let Some((columns, bytes)) = claim.scratch.split_at_mut_checked(taps * PAIRS) else {
        return;
    };
    let bytes = as_bytes(bytes);
    let channels = claim.output.channels();
    let mut pixels = claim.output.by_pixel();
    loop {
        let mut outputs: [&mut [i8]; PIXELS] = Default::default();
        let mut numbers = [0; PIXELS];
        let mut count = 0;
        for (place, number) in outputs.iter_mut().zip(&mut numbers) {
            let Some((pixel, output)) = pixels.next() else {
                break;
            };
            (*place, *number) = (output, pixel);
            count += 1;
        }
        let Some(last) = numbers.get(..count).and_then(<[usize]>::last).copied() else {
            return;
        };
        // An odd pixel is paired with itself.
        if let Some(spare) = numbers.get_mut(count) {
            *spare = last;
        }
        let pairs = count.div_ceil(2);
        for (pair, pixels) in numbers.chunks_exact(2).take(pairs).enumerate() {
            gather(
                params,
                input,
                pixels,
                columns.get_mut(pair..).unwrap_or_default(),
                bytes,
            );
        }
        for number in channels.start / CHANNELS..channels.end.div_ceil(CHANNELS) {
            compute(params, number, pairs, columns, channels.start, &mut outputs);
        }
    }
}

/// Writes the words of a pair of pixels, one for each tap, `PAIRS` apart.
#[inline]
fn gather(
    params: &Conv2dLanes,
    input: &[i8],
    pixels: &[usize],
    columns: &mut [u32],
    bytes: &mut [i8],
) {
    let &[first, second] = pixels else { return };
    let taps = params.weights.taps();
    if bytes.is_empty() {
        let at = |pixel| params.window.position(pixel) * params.depth;
        let row = |start: usize| input.get(start..start + taps).unwrap_or_default();
        join(row(at(first)), row(at(second)), columns);
        return;
    }
    let Some((low, high)) = bytes.split_at_mut_checked(taps) else {
        return;
    };
    copy(params, input, first, low);
    copy(params, input, second, high);
    join(low, high, columns);
}

/// Joins the values of two pixels into words, `PAIRS` apart.
#[inline(never)]
#[allow(clippy::cast_sign_loss)] // a word
fn join(low: &[i8], high: &[i8], columns: &mut [u32]) {
    let values = low.iter().zip(high);
    for (words, (&low, &high)) in columns.chunks_mut(PAIRS).zip(values) {
        if let Some(word) = words.first_mut() {
            *word = (i32::from(low) + (i32::from(high) << 16)) as u32;
        }
    }
}

/// Copies what the filter sees of one pixel.
fn copy(params: &Conv2dLanes, input: &[i8], pixel: usize, values: &mut [i8]) {
    let window = &params.window;
    let (rows, columns) = window.inside(pixel);
    let mut lines = values.chunks_mut((window.filter_width * params.depth).max(1));
    for _ in 0..rows.first {
        lines.next().unwrap_or_default().fill(params.padding);
    }
    for (_, row) in rows.iter() {
        let line = lines.next().unwrap_or_default();
        let first = (row * window.input_width + columns.start) * params.depth;
        copy_line(
            params,
            columns,
            input.get(first..).unwrap_or_default(),
            line,
        );
    }
    for line in lines {
        line.fill(params.padding);
    }
}

/// Copies one row of taps; `input` begins under the first that lies inside.
fn copy_line(params: &Conv2dLanes, columns: Taps, input: &[i8], line: &mut [i8]) {
    let depth = params.depth;
    let Some((left, rest)) = line.split_at_mut_checked(columns.first * depth) else {
        return;
    };
    let Some((inside, right)) = rest.split_at_mut_checked(columns.count * depth) else {
        return;
    };
    left.fill(params.padding);
    right.fill(params.padding);
    if columns.dilation == 1 {
        for (to, &from) in inside.iter_mut().zip(input) {
            *to = from;
        }
        return;
    }
    let step = (columns.dilation * depth).max(1);
    for (to, from) in inside.chunks_mut(depth.max(1)).zip(input.chunks(step)) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from;
        }
    }
}

/// Computes a group of channels of all pixels; `first` is the outputs' first channel.
#[inline]
fn compute(
    params: &Conv2dLanes,
    number: usize,
    pairs: usize,
    columns: &[u32],
    first: usize,
    outputs: &mut [&mut [i8]; PIXELS],
) {
    let Some(group) = params.weights.group(number, CHANNELS) else {
        return;
    };
    let channel = number * CHANNELS;
    let bias = [channel, channel + 1].map(|at| params.bias.get(at).copied().unwrap_or_default());
    let sums = sums(pairs, group, columns, bias);
    for (sums, channel) in sums.iter().zip(channel..) {
        // A group may begin before the first channel that is owned.
        let Some(at) = channel.checked_sub(first) else {
            continue;
        };
        let scale = params.rescale.channel(channel);
        for (output, &sum) in outputs.iter_mut().zip(sums.iter().flatten()) {
            if let Some(output) = output.get_mut(at) {
                *output = params.rescale.store(sum, scale);
            }
        }
    }
}
