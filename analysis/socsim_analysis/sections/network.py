"""The network at the start and at the end, coloured by opinion."""

from __future__ import annotations

from socsim_analysis.markup import Html, section
from socsim_analysis.page import Page
from socsim_analysis.run_figures import too_large

__all__ = ["network_section"]


def network_section(page: Page) -> Html | None:
    """One figure per item; None without ties."""
    ties = page.run.ties
    if not ((ties["arm"] == page.treatment) & (ties["replicate"] == page.replicate)).any() or not page.items:
        return None
    size = too_large(page.run, page.treatment, page.replicate)
    if size is not None:
        people, pairs = size
        note = f"The network has {people:,} people and {pairs:,} ties, too many to be read as a drawing; it is left out."
        return section("network", "Network", note)
    parts = [page.run_figure(found) for found in page.figures_of("networks")]
    return section("network", "Network, coloured by opinion", *parts) if parts else None
