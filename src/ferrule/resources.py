"""Where Ferrule's own files are: Rust sources and target files, in a wheel or in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE if (_PACKAGE / "crates").is_dir() else _PACKAGE.parents[1]

CRATES = _ROOT / "crates"
TARGETS = _ROOT / "targets"
MODELS = _ROOT / "models"
LICENSES = _PACKAGE / "crates" if _ROOT == _PACKAGE else _ROOT
