"""Why a picture does not come about."""

from events.errors import Corrupt, Pushback, Refused


class ModelRefused(Refused):
    """A model directory holds something that must not be loaded; `file` names it."""

    code = "model-refused"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file


class ModelChanged(Corrupt):
    """A model's file is not the one that its manifest names; `file` names it."""

    code = "model-changed"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file


class EngineDied(Pushback):
    """The engine's process ended in the middle of a picture; another attempt may succeed."""

    code = "engine-died"


class EngineStopped(Refused):
    """The picture was stopped between two steps, as asked; nothing was decoded."""

    code = "engine-stopped"

    def __init__(self, steps_done: int, device_ms: int) -> None:
        super().__init__(f"stopped after {steps_done} steps")
        self.steps_done, self.device_ms = steps_done, device_ms


class GenerationImpossible(Refused):
    """The model cannot draw what was asked for; trying again changes nothing."""

    code = "generation-impossible"
