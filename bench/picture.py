# SPDX-License-Identifier: GPL-2.0-only
"""The picture of the README: a few of the figures as bars, on a light and on a dark page."""

from html import escape

WIDTH = 720
LABEL = 150
VALUE = 70
BAR = 16
TITLE = 30
GAP = 14
MARGIN = 14
LEGEND = 130
# The scheme of the browser need not be that of the page, so the text has a ground of its own.
STYLE = """\
.ground { fill: #ffffff }
text { font: 13px sans-serif; fill: #1f2328 }
.title { font-weight: bold }
.bar0 { fill: #8c959f }
.bar1 { fill: #bf8700 }
.bar2 { fill: #1f883d }
.part0 { fill: #8c959f }
.part1 { fill: #0969da }
.part2 { fill: #bf8700 }
.part3 { fill: #8250df }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 }
text { fill: #e6edf3 }
.bar2 { fill: #3fb950 }
}"""


def text(x, y, words, attributes=""):
    return f'<text x="{x}" y="{y}"{attributes}>{escape(words)}</text>'


def panel(top, title, bars, parts):
    """The longest bar fills the width. Either each bar has a colour of its own, or each part of the
    bars, with a legend below."""
    longest = max(sum(values) for _, values, _ in bars)
    yield text(0, top + TITLE - 10, title, ' class="title"')
    for i, (name, values, words) in enumerate(bars):
        y, x = top + TITLE + i * (BAR + 4), LABEL
        yield text(0, y + 13, name)
        for part, value in enumerate(values):
            width = round(value / longest * (WIDTH - LABEL - VALUE))
            kind = f"part{part}" if parts else f"bar{i}"
            yield f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{BAR}"/>'
            x += width
        yield text(x + 6, y + 13, words)
    y = top + TITLE + len(bars) * (BAR + 4)
    for part, name in enumerate(parts):
        x = LABEL + part * LEGEND
        yield f'<rect class="part{part}" x="{x}" y="{y + 2}" width="{BAR}" height="{BAR - 4}"/>'
        yield text(x + BAR + 6, y + 13, name)


def svg(description, panels, parts=()):
    """panels: (title, bars), with bars: (name, values, words), whose values are those of the named
    parts, in order; without names, there is one value"""
    lines, top = [], 0
    for title, bars in panels:
        lines += panel(top, title, bars, parts)
        top += TITLE + (len(bars) + bool(parts)) * (BAR + 4) + GAP
    width = WIDTH + 2 * MARGIN
    return "\n".join(["<!-- SPDX-License-Identifier: GPL-2.0-only -->",
                      '<svg xmlns="http://www.w3.org/2000/svg" '
                      f'viewBox="{-MARGIN} 0 {width} {top}" '
                      f'width="{width}" height="{top}" role="img">',
                      f"<title>{escape(description)}</title>", f"<style>\n{STYLE}\n</style>",
                      f'<rect class="ground" x="{-MARGIN}" width="{width}" height="{top}"/>',
                      *lines, "</svg>", ""])
