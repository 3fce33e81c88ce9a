"""The rows: they are the truth, messages are hints. Each file holds one noun; verbs live in the modules beside."""

from __future__ import annotations

from generation.models.albums import Album, AlbumPicture, ShareLink
from generation.models.answers import KeptAnswer
from generation.models.catalog import Checkpoint, Embedding, Lora, LoraParent, Upscaler, Vae, Wildcard
from generation.models.controls import Annotator, ControlNet
from generation.models.datasets import DataPicture, DataSet
from generation.models.exports import AccountExport
from generation.models.fingerprints import Fingerprint
from generation.models.images import GeneratedImage, PictureFacet, PictureLora
from generation.models.jobs import Draft, Job, QueueClock, QueueShare
from generation.models.lab import LabGrid, LoraMerge
from generation.models.operations import SiteState
from generation.models.programs import ModelAlias, NamedPerson
from generation.models.safeguards import PhraseList, PromptRule, RulePart, RuleVersion, SafeguardRecord
from generation.models.sources import SourcePicture, SourceUse
from generation.models.styles import OwnStyle
from generation.models.training import Snapshot, TrainingRun, TrainingSearch
from generation.models.webhooks import Webhook, WebhookDelivery, WebhookEvent
from generation.models.workers import GpuWorker

__all__ = [
    "AccountExport",
    "Album",
    "AlbumPicture",
    "Annotator",
    "Checkpoint",
    "ControlNet",
    "DataPicture",
    "DataSet",
    "Draft",
    "Embedding",
    "Fingerprint",
    "GeneratedImage",
    "GpuWorker",
    "Job",
    "KeptAnswer",
    "LabGrid",
    "Lora",
    "LoraMerge",
    "LoraParent",
    "ModelAlias",
    "NamedPerson",
    "OwnStyle",
    "PhraseList",
    "PictureFacet",
    "PictureLora",
    "PromptRule",
    "QueueClock",
    "QueueShare",
    "RulePart",
    "RuleVersion",
    "SafeguardRecord",
    "ShareLink",
    "SiteState",
    "Snapshot",
    "SourcePicture",
    "SourceUse",
    "TrainingRun",
    "TrainingSearch",
    "Upscaler",
    "Vae",
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
    "Wildcard",
]
