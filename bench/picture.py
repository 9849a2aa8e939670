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
# The scheme of the browser need not be that of the page, so the text has a ground of its own.
STYLE = """\
.ground { fill: #ffffff }
text { font: 13px sans-serif; fill: #1f2328 }
.title { font-weight: bold }
.bar0 { fill: #8c959f }
.bar1 { fill: #bf8700 }
.bar2 { fill: #1f883d }
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


def svg(description, panels):
    """panels: (title, bars), see panel()"""
    lines, top, width = [], 0, WIDTH + 2 * MARGIN
    for title, bars in panels:
        lines += panel(top, title, bars)
        top += TITLE + len(bars) * (BAR + 4) + GAP
    return "\n".join(["<!-- SPDX-License-Identifier: GPL-2.0-only -->",
                      '<svg xmlns="http://www.w3.org/2000/svg" '
                      f'viewBox="{-MARGIN} 0 {width} {top}" '
                      f'width="{width}" height="{top}" role="img">',
                      f"<title>{escape(description)}</title>", f"<style>\n{STYLE}\n</style>",
                      f'<rect class="ground" x="{-MARGIN}" width="{width}" height="{top}"/>',
                      *lines, "</svg>", ""])
