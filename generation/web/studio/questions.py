"""What is asked before a training, a search or a data set ends."""

from __future__ import annotations

from accounts.questions import Question

STOP_RUN = Question(
    "Stop here and keep it?",
    "The best snapshot so far becomes your LoRA. The steps that were not done are not charged.",
    label="Stop and keep",
    stay="Let it go on",
    danger=False,
)
DISCARD_RUN = Question(
    "Stop and discard?",
    "Its snapshots are gone for good. Its credits come back, but for the steps up to the last snapshot that you "
    "downloaded.",
    label="Discard the training",
    stay="Let it go on",
)
DELETE_RUN = Question(
    "Delete this training?",
    "Its curve, snapshots and samples are gone for good. A LoRA that came of it stays.",
    label="Delete the training",
    stay="Keep the training",
)
CANCEL_SEARCH = Question(
    "Cancel this search?",
    "You pay for the trainings that were given up for better ones and for what you downloaded, and no LoRA is kept.",
    label="Cancel the search",
    stay="Let it go on",
)
DELETE_SEARCH = Question(
    "Delete this search?",
    "Its trainings, with their curves, snapshots and samples, are gone for good. A LoRA that came of it stays.",
    label="Delete the search",
    stay="Keep the search",
)
DELETE_DATASET = Question(
    "Delete this data set?",
    "Its pictures and captions are gone for good. LoRAs that were trained on them stay.",
    label="Delete the data set",
    stay="Keep the data set",
)
