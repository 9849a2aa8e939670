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


def panel(top, title, bars):
    """bars: (name, value, value in words), the longest as long as there is room"""
    longest = max(value for _, value, _ in bars)
    yield text(0, top + TITLE - 10, title, ' class="title"')
    for i, (name, value, words) in enumerate(bars):
        y = top + TITLE + i * (BAR + 4)
        width = round(value / longest * (WIDTH - LABEL - VALUE))
        yield text(0, y + 13, name)
        yield f'<rect class="bar{i}" x="{LABEL}" y="{y}" width="{width}" height="{BAR}"/>'
        yield text(LABEL + width + 6, y + 13, words)


def stack(top, title, parts, bars):
    """bars: (name, values), whose values are of the named parts, one after the other"""
    longest = max(sum(values) for _, values in bars)
    yield text(0, top + TITLE - 10, title, ' class="title"')
    for i, (name, values) in enumerate(bars):
        y, x = top + TITLE + i * (BAR + 4), LABEL
        yield text(0, y + 13, name)
        for part, value in enumerate(values):
            width = round(value / longest * (WIDTH - LABEL - VALUE))
            yield f'<rect class="part{part}" x="{x}" y="{y}" width="{width}" height="{BAR}"/>'
            x += width
        yield text(x + 6, y + 13, f"{sum(values):,}")
    y = top + TITLE + len(bars) * (BAR + 4)
    for part, name in enumerate(parts):
        x = LABEL + part * LEGEND
        yield f'<rect class="part{part}" x="{x}" y="{y + 2}" width="{BAR}" height="{BAR - 4}"/>'
        yield text(x + BAR + 6, y + 13, name)


def stacks(description, parts, panels):
    """panels: (title, bars), see stack()"""
    lines, top = [], 0
    for title, bars in panels:
        lines += stack(top, title, parts, bars)
        top += TITLE + (len(bars) + 1) * (BAR + 4) + GAP
    return drawing(description, top, lines)


def svg(description, panels):
    """panels: (title, bars), see panel()"""
    lines, top = [], 0
    for title, bars in panels:
        lines += panel(top, title, bars)
        top += TITLE + len(bars) * (BAR + 4) + GAP
    return drawing(description, top, lines)


def drawing(description, top, lines):
    width = WIDTH + 2 * MARGIN
    return "\n".join(["<!-- SPDX-License-Identifier: GPL-2.0-only -->",
                      '<svg xmlns="http://www.w3.org/2000/svg" '
                      f'viewBox="{-MARGIN} 0 {width} {top}" '
                      f'width="{width}" height="{top}" role="img">',
                      f"<title>{escape(description)}</title>", f"<style>\n{STYLE}\n</style>",
                      f'<rect class="ground" x="{-MARGIN}" width="{width}" height="{top}"/>',
                      *lines, "</svg>", ""])
