"""The pieces of a self-contained HTML page: escaped text, tables, badges, pictures as data URIs."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { --ink: #1d232b; --quiet: #6b7480; --line: #e3e6ea; --back: #f6f7f9; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 20px 60px; }
header { margin-bottom: 20px; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 0 0 10px; }
section { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px; }
section { margin: 14px 0; }
p { margin: 4px 0 10px; max-width: 80ch; }
.quiet { color: var(--quiet); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; background: #fff; }
.tile b { display: block; font-size: 20px; }
.tile span { color: var(--quiet); font-size: 13px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--quiet); font-weight: 600; }
th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.path { overflow-wrap: anywhere; }
td ul { margin: 0; padding-left: 16px; }
.scroll { overflow-x: auto; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 10px; font-weight: 600; font-size: 12.5px; }
.fine { background: #d9f0e3; color: #0b5a34; }
.fair { background: #fdeec7; color: #6d4b00; }
.poor { background: #f9d7da; color: #8a0018; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 14px; }
figure { margin: 0; }
figcaption { font-size: 13px; color: var(--quiet); overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; display: block; }
.pixels img { width: 100%; image-rendering: pixelated; }
.bar { display: flex; gap: 8px; align-items: center; font-size: 12px; margin: 4px 0 2px; }
.bar i { flex: 1; height: 10px; }
.bar i { background: linear-gradient(90deg, #00224d, #35456c, #666970, #948e77, #c8b765, #fde737); }
summary { cursor: pointer; font-weight: 600; }
.alarm { border-left: 4px solid #b00020; padding-left: 10px; margin: 8px 0; }
"""
WELL = {
    "good": "fine",
    "completed": "fine",
    "safe": "fine",
    "partial": "fair",
    "stopped": "fair",
    "skipped": "fair",
    "incomplete": "fair",
}


def text(value: object) -> str:
    """A value as escaped text."""
    return escape(str(value))


def badge(word: str) -> str:
    """A word in a coloured pill: green, amber, or red for every word that is not known to be harmless."""
    return f'<span class="badge {WELL.get(word.lower(), "poor")}">{escape(word)}</span>'


def picture(png: bytes, caption: str) -> str:
    """A PNG inside the page with its caption (text, not HTML), which is its alternative text too."""
    data = base64.b64encode(png).decode()
    return (
        f'<figure><img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def image(png: bytes, limits: tuple[float, float], caption: str) -> str:
    """A picture of pixels with a colour bar that runs between two values."""
    low, high = (f"{limit:.4g}" for limit in limits)
    data = base64.b64encode(png).decode()
    return (
        f'<figure class="pixels"><img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
        f'<div class="bar"><span>{low}</span><i></i><span>{high}</span></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def bullets(items: Iterable[str]) -> str:
    """A list of texts; nothing for an empty one."""
    shown = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{shown}</ul>" if shown else ""


def section(title: str, *content: str) -> str:
    """A titled block; nothing when it has no content."""
    inner = "".join(content)
    return f"<section><h2>{escape(title)}</h2>{inner}</section>" if inner else ""


def document(title: str, *content: str) -> str:
    """The whole page: one file, no scripts, nothing fetched."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(content)}</main></body></html>\n"
    )
