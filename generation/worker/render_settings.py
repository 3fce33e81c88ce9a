"""What an operator sets about drawing, as workers read it from `settings.RENDERING`. Not how each is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RenderSettings:
    """The settings RENDER_DEVICE to STOP_GRACE_SECONDS of the help page of settings, read once.

    `devices` has at least one of `auto`, `cpu`, `cuda` and `cuda:N`. `threads` (of torch, on a processor) and `slots`
    (pictures at once) are None where torch and the device decide. The budgets are those of one worker.
    """

    devices: tuple[str, ...]
    threads: int | None
    slots: int | None
    checkpoint_budget_bytes: int
    lora_budget_bytes: int
    stop_grace_seconds: float

    @property
    def device(self) -> str:
        """That on which a process draws: `manage.py platform` starts one for each."""
        return self.devices[0]
