"""Speaks single words with eSpeak NG and lists its English voices by split."""

import ctypes
import re
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

ACCENTS = (
    "en",
    "en-us",
    "en-us-nyc",
    "en-029",
    "en-gb-x-rp",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
)
HELD_OUT_ACCENT = "en-gb-scotland"  # spoken in the test split only

# Variants that eSpeak NG derives from another one; a family never spans two splits.
FAMILY_OF = {"anikarobot": "anika", "anxiousandy": "andy", "ed": "edward", "whisperf": "whisper"}

# Values of enumerations in speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_PARAMETER_RATE, _PARAMETER_PITCH, _PARAMETER_RANGE = 1, 3, 4
_CHARACTERS_UTF8 = 1

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


@dataclass(frozen=True)
class Voice:
    """One way to speak: accent, variant, words per minute, pitch and its range (0 to 99)."""

    accent: str
    variant: str
    rate: int
    pitch: int
    pitch_range: int


class Synthesiser:
    """eSpeak NG from the shared library in the `espeakng-loader` wheel; one per process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0
        )
        if self.sample_rate <= 0:
            raise RuntimeError("eSpeak NG did not start: its data folder was refused")
        self._chunks: list[NDArray[np.int16]] = []
        self._callback = _Callback(self._receive)  # eSpeak NG keeps the pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, word: str, voice: Voice) -> NDArray[np.float64]:
        """Returns the spoken word as `[samples]` at `sample_rate`, in -1 to 1, ends trimmed."""
        name = f"{voice.accent}+{voice.variant}".encode()
        if self._library.espeak_SetVoiceByName(name) != 0:
            raise ValueError(f"eSpeak NG has no voice `{name.decode()}`")
        for parameter, value in (
            (_PARAMETER_RATE, voice.rate),
            (_PARAMETER_PITCH, voice.pitch),
            (_PARAMETER_RANGE, voice.pitch_range),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._library.espeak_ng_SetRandSeed(1)
        self._chunks.clear()
        text = word.encode()
        length = ctypes.c_size_t(len(text) + 1)
        self._library.espeak_Synth(text, length, 0, 1, 0, _CHARACTERS_UTF8, None, None)
        samples = np.concatenate(self._chunks) / 32768.0
        loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
        return samples[loud[0] : loud[-1] + 1]

    def _receive(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: int) -> int:
        if count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


def variants(split: str) -> list[str]:
    """Lists the voice variants of a split: of every five families three, one and one."""
    folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    names = sorted((path.name for path in folder.iterdir()), key=str.lower)
    families = sorted({_family(name) for name in names})
    wanted = {
        family
        for index, family in enumerate(families)
        if ("train", "train", "train", "validation", "test")[index % 5] == split
    }
    return [name for name in names if _family(name) in wanted]


def _family(variant: str) -> str:
    stem = re.sub(r"\d+$", "", variant.lower())
    return FAMILY_OF.get(stem, stem)
