"""Makes labelled keyword features: spoken words, room, noise, MFCC; the same bytes for a seed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from speech import ACCENTS, HELD_OUT_ACCENT, Synthesiser, Voice, variants

Floats = NDArray[np.float64]

SAMPLE_RATE = 16_000  # Hz; a clip is one second
KEYWORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
LABELS = (*KEYWORDS, "silence", "unknown")
CLIPS_PER_LABEL = {"test": 250, "validation": 150, "train": 2000}
SEED = 2026

# Words of the class `unknown`. Those of the test split are never heard in training.
UNKNOWN_WORDS = {
    "train": (
        "bed bird cat dog happy house marvin sheila tree wow zero one two three four five six "
        "seven yet yesterday guess nose note open cup bus town sound loud lift less laugh light "
        "night ride white of often want once stuck step shop spot goat gold grow cold garden "
        "window water music table green yellow button lamp hello morning people start begin"
    ),
    "validation": "eight forward learn lettuce nobody upset drown bright offer stomach",
    "test": (
        "nine backward follow visual yell snow cap crown letter tight honest coffee stamp ghost "
        "summer paper kitchen blue finish answer"
    ),
}

WINDOW, HOP, FFT = 640, 320, 1024  # samples: 40 ms, 20 ms, and the window padded with zeros
FRAMES, COEFFICIENTS = 49, 10
MEL_BANDS, LOWEST_HZ, HIGHEST_HZ = 40, 20.0, 4000.0
POWER_FLOOR = 1e-3  # keeps the logarithm finite; about what 8-bit samples have in one FFT bin


@dataclass(frozen=True)
class Split:
    """Features `[N, 49, 10, 1]`, float32, and labels `[N]`, with the accent of each clip."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    accents: NDArray[np.str_]


def make_splits() -> Iterator[Split]:
    """Yields the splits test, validation, train.

    eSpeak NG keeps state from word to word, so the test split is the same only when it comes first.
    """
    synthesiser = Synthesiser()
    for name in CLIPS_PER_LABEL:
        clips = list(_clips(name, synthesiser))
        features = np.stack([mfcc(clip) for clip, _, _ in clips]).astype(np.float32)
        labels = np.array([label for _, label, _ in clips])
        accents = np.array([accent for _, _, accent in clips])
        yield Split(features[..., np.newaxis], labels, accents)


def _clips(split: str, synthesiser: Synthesiser) -> Iterator[tuple[Floats, int, str]]:
    """Yields clip `[16000]`, label and accent; labels in order, `CLIPS_PER_LABEL` of each."""
    rng = np.random.default_rng([SEED, *split.encode()])
    voices = variants(split)
    accents = (*ACCENTS, HELD_OUT_ACCENT) if split == "test" else ACCENTS
    for label, name in enumerate(LABELS):
        words = UNKNOWN_WORDS[split].split() if name == "unknown" else [name]
        for _ in range(CLIPS_PER_LABEL[split]):
            if name == "silence":
                yield _noise(rng) * 10 ** (rng.uniform(-70, -10) / 20), label, ""
                continue
            voice = Voice(
                accent=str(rng.choice(accents)),
                variant=str(rng.choice(voices)),
                rate=int(rng.integers(120, 220)),
                pitch=int(rng.integers(20, 81)),
                pitch_range=int(rng.integers(20, 81)),
            )
            spoken = synthesiser.say(str(rng.choice(words)), voice)
            if split == "train":
                spoken = _other_throat(spoken, rng)
            yield _record(spoken, synthesiser.sample_rate, rng), label, voice.accent


def _other_throat(spoken: Floats, rng: np.random.Generator) -> Floats:
    """Plays a word up to a fifth slower or faster: formants move as with a throat's length."""
    positions = np.arange(0.0, len(spoken) - 1, rng.uniform(0.8, 1.2))
    warped: Floats = np.interp(positions, np.arange(len(spoken)), spoken)
    return warped


def _record(spoken: Floats, rate: int, rng: np.random.Generator) -> Floats:
    """Places a word in a second of room and noise; returns `[16000]` in -1 to 1."""
    spoken = spoken[:rate]
    second = np.zeros(rate)
    start = rng.integers(0, rate - len(spoken) + 1)
    second[start : start + len(spoken)] = spoken
    # One second in, one second out: dropping the highest bins resamples without error.
    spectrum = np.fft.rfft(second)[: SAMPLE_RATE // 2 + 1]
    if rng.random() < 0.5:
        spectrum = spectrum * np.fft.rfft(_room(rng))
    clip: Floats = np.fft.irfft(spectrum, SAMPLE_RATE)
    clip *= 10 ** (rng.uniform(-20, 0) / 20) / np.abs(clip).max()
    signal_to_noise = 10 ** (rng.uniform(5, 35) / 20)
    speech_level = np.sqrt(np.mean(clip**2) * rate / len(spoken))
    clip += _noise(rng) * speech_level / signal_to_noise
    return clip.clip(-1.0, 1.0)


def _room(rng: np.random.Generator) -> Floats:
    """Draws an impulse response `[16000]`: direct sound, then 0.1 to 0.4 s of decaying echo."""
    seconds = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    echo: Floats = rng.standard_normal(SAMPLE_RATE) * 10 ** (-3 * seconds / rng.uniform(0.1, 0.4))
    echo *= rng.uniform(0.1, 0.6) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    return echo


def _noise(rng: np.random.Generator) -> Floats:
    """Draws noise `[16000]` of RMS 1: white to brown, half of the time with mains hum."""
    bins = np.arange(SAMPLE_RATE // 2 + 1)
    slope = rng.uniform(0.0, 1.0)  # amplitude falls as frequency to this power: 0.5 is pink
    spectrum = np.fft.rfft(rng.standard_normal(SAMPLE_RATE)) / np.maximum(bins, 20) ** slope
    noise: Floats = np.fft.irfft(spectrum, SAMPLE_RATE)
    noise /= np.sqrt(np.mean(noise**2))
    if rng.random() < 0.5:
        mains = rng.choice([50.0, 60.0]) * 2 * np.pi * np.arange(SAMPLE_RATE) / SAMPLE_RATE
        for harmonic in range(1, 6):
            level = rng.uniform(0.0, 1.0) / harmonic
            noise += level * np.sin(harmonic * mains + rng.uniform(0.0, 2 * np.pi))
        noise /= np.sqrt(np.mean(noise**2))
    return noise


def mfcc(clip: Floats) -> Floats:
    """Computes mel-frequency cepstral coefficients: clip `[16000]` in -1 to 1 to `[49, 10]`."""
    frames = np.lib.stride_tricks.sliding_window_view(clip, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * _HANN, FFT)) ** 2
    return np.log(power @ _MEL_FILTERS + POWER_FLOOR) @ _COSINES


def _mel_filters() -> Floats:
    """Builds `MEL_BANDS` triangles equally spaced in mel, `[FFT / 2 + 1, MEL_BANDS]`."""
    lowest, highest = 2595 * np.log10(1 + np.array([LOWEST_HZ, HIGHEST_HZ]) / 700)
    edges = 700 * (10 ** (np.linspace(lowest, highest, MEL_BANDS + 2) / 2595) - 1)
    hertz = np.arange(FFT // 2 + 1)[:, np.newaxis] * SAMPLE_RATE / FFT
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (hertz - left) / (centre - left), (right - hertz) / (right - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


def _cosines() -> Floats:
    """Builds the orthonormal DCT-II, its first columns: `[MEL_BANDS, COEFFICIENTS]`."""
    band, order = np.arange(MEL_BANDS)[:, np.newaxis] + 0.5, np.arange(COEFFICIENTS)
    scale = np.sqrt(np.where(order == 0, 1.0, 2.0) / MEL_BANDS)
    return np.cos(np.pi * band * order / MEL_BANDS) * scale


_HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
_MEL_FILTERS = _mel_filters()
_COSINES = _cosines()
