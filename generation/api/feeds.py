"""The ears of an answer that stays open: it hears of its person's jobs for as long as what opened it stands."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from accounts.holders import Holder
from generation.api.streams import streams
from generation.messages.job_hints import JobHints


class JobFeed(JobHints):
    """Of one job (`only`, by its code), or of all of the person's. Use it as `async with`.

    `is_open` is False from the moment that what opened it stands no more, or where the person has too many.
    """

    def __init__(self, caller: Holder, owner_id: int, only: str = "") -> None:
        super().__init__(owner_id, only)
        self.caller = caller
        self.is_open = self.is_joined = False

    async def __aenter__(self) -> Self:
        self.is_open = self.is_joined = streams.join(self)
        if self.is_open:
            try:
                await self.listen()
            except BaseException:
                await self.close()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def end(self) -> None:
        self.is_open = False
        self.wake()

    async def close(self) -> None:
        """Any number of times."""
        self.is_open = self.is_joined = False
        streams.leave(self)
        await self.stop()
