"""Names of a model's operators and tensors, each given once."""

from ferrule.names import printable


def last_part(name: str) -> str:
    """`Relu` of `net/block_1/Relu;net/block_1/BiasAdd`."""
    return name.split(";")[0].rstrip("/").split("/")[-1]


class Names:
    """Gives each name once: a second `Relu` becomes `Relu_2`."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}

    def give(self, wanted: str, otherwise: str) -> str:
        """The wanted name made printable, or `otherwise` if it is empty, or with a number."""
        plain = printable(wanted).strip() or otherwise
        chosen, number = plain, self._numbers.get(plain, 1)
        while chosen in self._used:
            number += 1
            chosen = f"{plain}_{number}"
        self._numbers[plain] = number
        self._used.add(chosen)
        return chosen
