"""How pictures are drawn, judged by themselves, and moderated."""

from __future__ import annotations

from config.env import env_bool, env_choice, env_int, env_list, env_str
from generation.worker.render_settings import RenderSettings

RENDERING = RenderSettings(
    devices=tuple(env_list("RENDER_DEVICE", "auto") or ["auto"]),
    threads=env_int("RENDER_THREADS", 0, high=256) or None,
    slots=env_int("GPU_SLOTS", 0, high=64) or None,
    checkpoint_budget_bytes=env_int("CHECKPOINT_MEMORY_MB", 8192, low=64) * 1024**2,
    lora_budget_bytes=env_int("LORA_MEMORY_MB", 1024, low=16) * 1024**2,
    stop_grace_seconds=env_int("STOP_GRACE_SECONDS", 3, high=600),
)

# Safeguards: from which score on, in percent, a drawn picture is rated sensitive or explicit.
PICTURE_SCORER = env_choice("PICTURE_SCORER", "opennsfw", ("opennsfw", "none"))
PICTURE_SENSITIVE_PERCENT = env_int("PICTURE_SENSITIVE_PERCENT", 40, high=100)
PICTURE_EXPLICIT_PERCENT = env_int("PICTURE_EXPLICIT_PERCENT", 80, high=100)

# Moderation: reports that hide a post or a comment until a moderator looks (0: never), and how long things hold.
REPORTS_TO_HIDE = env_int("REPORTS_TO_HIDE", 3, high=1000)
NOTICE_HOURS = env_int("NOTICE_HOURS", 72, low=1, high=720)
NOTICE_RATE = env_str("NOTICE_RATE", "10/h")
# Hours before a notice is due at which moderators are mailed once more, if nobody has it in hand (0: never).
NOTICE_REMINDER_HOURS = env_int("NOTICE_REMINDER_HOURS", 12, high=240)
STRIKE_DAYS = env_int("STRIKE_DAYS", 90, low=1, high=3650)
BANS_NEED_TWO = env_bool("BANS_NEED_TWO", True)
