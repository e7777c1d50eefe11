"""Leaks: a foreign canary or a secret in anything that the target ever sent us. One is a finding."""

from dataclasses import dataclass, field

import polars as pl

from pocchaos.metrics.base import NO_SAMPLE, Ask, Metric, Reading, Trouble, Unit, View
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_share


@dataclass(frozen=True, kw_only=True)
class Leaked(Metric):
    """Samples with a foreign canary or a secret, over everything received: set-up, outside windows, all stages."""

    unit: Unit = field(default="count", init=False)
    bodies: bool = field(default=False, init=False)
    exempt: bool = field(default=True, init=False)

    def read(self, view: View, ask: Ask) -> Reading:
        """How many; nothing found is worth only as much as our seeing each tenant's own canaries."""
        del ask
        samples = view.ground.table.samples
        found = samples.filter(_LEAK).height  # also in what our own end of the run cut off
        received = samples.filter(pl.col("outcome") != Outcome.LOST.value)
        bound = 3 / received.height if received.height else 1.0
        return Reading(
            figure=float(found),
            interval=(float(found), float(found)),
            n=received.height,
            n_eff=float(received.height),
            notes=() if found else (f"0 in {received.height:,}: upper bound {show_share(min(1.0, bound))} (95 %)",),
            troubles=() if found else self._blind(view, received),
        )

    def against(self, view: View, ask: Ask) -> tuple[int, ...]:
        """The first five that leaked."""
        del ask
        return tuple(view.ground.table.samples.filter(_LEAK).sort("due", "request").head(5)["request"].to_list())

    def _blind(self, view: View, received: pl.DataFrame) -> tuple[Trouble, ...]:
        table = view.ground.table
        if not received.height:
            return (NO_SAMPLE,)
        if not table.secrets and not any(table.canary_surfaces.values()):
            return (
                Trouble(
                    why="neither a canary nor a secret is declared: nothing could have been found",
                    remedy="give tenants `canaries` or the target `secrets`",
                ),
            )
        seen = set(
            received.filter(pl.col("own").list.len() > 0)
            .select("tenant", "own")
            .explode("own", keep_nulls=False, empty_as_null=False)
            .unique()
            .iter_rows()
        )
        return tuple(
            Trouble(
                why=f'tenant {tenant} never saw its own canary on surface "{surface}": ours could not be seen there',
                remedy=f'plant the canary where {tenant}\'s answers must show it on "{surface}", or drop the surface',
            )
            for tenant, surfaces in sorted(table.canary_surfaces.items())
            for surface in surfaces
            if (tenant, surface) not in seen
        )


_LEAK = (pl.col("foreign").list.len() > 0) | (pl.col("secrets").list.len() > 0)

LEAKED = Leaked(name="leaked")
