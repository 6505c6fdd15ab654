"""What happens to one generation, from the prompt to its end."""

from dataclasses import dataclass
from uuid import UUID

from events.identifiers import GenerationId, SubjectHandle


@dataclass(frozen=True, slots=True)
class PromptSubmitted:
    """A client asked for a picture. `sealed` holds a PromptContent; month, tree and leaf say where its key is."""

    generation: GenerationId
    batch: UUID
    kind: str
    model_digest: bytes
    adapter: str
    shape_bucket: str
    month: int
    tree: int
    leaf: int
    sealed: bytes
    depicts: tuple[SubjectHandle, ...] = ()


@dataclass(frozen=True, slots=True)
class CancellationRequested:
    """The client asked to stop; it has an effect only while the generation has not ended."""

    generation: GenerationId


@dataclass(frozen=True, slots=True)
class GenerationStarted:
    """A worker holds the lease of that epoch and begins."""

    generation: GenerationId
    epoch: int
    worker: str
    model_digest: bytes


@dataclass(frozen=True, slots=True)
class WidthRun:
    """So many steps in a row ran in a batch of that width."""

    width: int
    steps: int


@dataclass(frozen=True, slots=True)
class GenerationCompleted:
    """The sealed picture of that epoch lies in the object store. `sealed` holds an OutcomeContent; `marks` are those applied."""

    generation: GenerationId
    epoch: int
    model_digest: bytes
    adapter: str
    environment: str
    width_trace: tuple[WidthRun, ...]
    replay_class: str
    shape_bucket: str
    device_ms: int
    media_type: str
    sealed_size_bytes: int
    ciphertext_sha256: bytes
    marks: tuple[str, ...]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class GenerationFailed:
    """There will be no picture; `reason` is a code."""

    generation: GenerationId
    epoch: int
    reason: str
    device_ms: int


@dataclass(frozen=True, slots=True)
class GenerationCancelled:
    """Stopped on request (`requested`) or because its subject is being erased (`erased`); nothing was decoded."""

    generation: GenerationId
    epoch: int
    reason: str
    steps_done: int
    device_ms: int
