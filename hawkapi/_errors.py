"""The root of the error tree, and the errors that belong to no single part."""


class HawkAPIError(Exception):
    """Base of every error that the framework defines itself."""


class MissingExtraError(HawkAPIError, ImportError):
    """A feature was used whose optional library is not installed.

    Args:
        feature: What was used, as the user wrote it (`"TestClient(backend='trio')"`).
        extra: The extra of the `hawkapi` distribution that brings the library.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the '{extra}' extra: pip install 'hawkapi[{extra}]'")
        self.feature = feature
        self.extra = extra


class SealError(HawkAPIError, RuntimeError):
    """The app as declared cannot be served; `mistakes` lists everything that was found, not the first.

    Args:
        mistakes: One text each: handler, file:line, what is wrong and the fix.
    """

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"The app cannot be served: {count}", *(f"  - {m}" for m in mistakes)]))
