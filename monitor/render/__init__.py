"""What leaves the product, as values: JSON for machines, a letter for readers. Pure; adapters send it."""

from monitor.render.letter import Labels, Letter, Names, names_from, write_letter
from monitor.render.machine import Json, alert_json, decision_json, unread_json

__all__ = [
    "Json",
    "Labels",
    "Letter",
    "Names",
    "alert_json",
    "decision_json",
    "names_from",
    "unread_json",
    "write_letter",
]
