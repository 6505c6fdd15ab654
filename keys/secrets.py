"""A secret that does not show itself: not in a repr, a log line, an exception or a pickle."""

from typing import NoReturn


class Secret:
    """Holds a text; only `reveal` gives it back."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, at the moment of use."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written out; hand on where it is kept")
