"""`down`: the upstream is gone; the proxy is switched off, live connections close, new ones are refused."""

from typing import Literal

from pocchaos.faults.base import Attributes, BaseFault, Visibility


class DownAttributes(Attributes):
    """None: the proxy is off or it is not."""


class Down(BaseFault):
    """Instant refusal, the mildest outage. Attempts cannot be seen under it: the stand hears nothing."""

    type: Literal["down"] = "down"
    attributes: DownAttributes = DownAttributes()

    @property
    def kind(self) -> str:
        """`down`."""
        return self.type

    @property
    def visibility(self) -> Visibility:
        """Nothing reaches the stand."""
        return Visibility.BLIND
