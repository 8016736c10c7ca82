"""What leaves the product, as values: JSON for machines, a letter for readers. Pure; adapters send it."""

from monitor.render.digest import DigestLetter, write_digest
from monitor.render.letter import Letter, write_letter
from monitor.render.machine import Json, alert_json, decision_json, event_json, event_type, notice_json, unread_json
from monitor.render.notice import NoticeLetter, write_notice
from monitor.render.words import Labels, Names, names_from

__all__ = [
    "DigestLetter",
    "Json",
    "Labels",
    "Letter",
    "Names",
    "NoticeLetter",
    "alert_json",
    "decision_json",
    "event_json",
    "event_type",
    "names_from",
    "notice_json",
    "unread_json",
    "write_digest",
    "write_letter",
    "write_notice",
]
