"""Draws bars and lines as SVG, each with a caption that says how it was measured."""
import html, textwrap

WIDTH, LEFT, LINE = 760, 250, 22
COLOURS = ["#8a8f98", "#2563eb", "#d97706", "#059669"]


def text(x, y, words, size=13, anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}">{html.escape(words)}</text>'


def page(title, body, height, caption):
    lines = textwrap.wrap(caption, 118)
    total = height + 40 + 15 * len(lines)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" font-family="sans-serif">',
           f'<rect width="{WIDTH}" height="{total}" fill="white"/>', text(16, 26, title, 16), *body]
    out += [text(16, height + 30 + 15 * turn, line, 11) for turn, line in enumerate(lines)]
    return "\n".join(out + ["</svg>"]) + "\n"


def bars(title, unit, rows, caption):
    """Horizontal bars: rows of a name, a value and the number of a colour."""
    longest = max(value for _, value, _ in rows)
    body, y = [], 50
    for name, value, colour in rows:
        width = max(1, value / longest * (WIDTH - LEFT - 110))
        body.append(text(LEFT - 8, y + 13, name, 12, "end"))
        body.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="17" fill="{COLOURS[colour]}"/>')
        body.append(text(LEFT + width + 6, y + 13, f"{value:,.2f} {unit}" if value < 10 else f"{value:,.0f} {unit}", 12))
        y += LINE
    return page(title, body, y, caption)


def lines(title, x_unit, y_unit, series, caption):
    """Lines through points: series of a name and its points."""
    top, bottom, left, right = 50, 330, 70, WIDTH - 30
    most_x = max(x for _, points in series for x, _ in points)
    most_y = nice(max(y for _, points in series for _, y in points))
    place = lambda x, y: (left + x / most_x * (right - left), bottom - y / most_y * (bottom - top))
    body = []
    for part in range(5):
        y = bottom - part / 4 * (bottom - top)
        body.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/>')
        body.append(text(left - 8, y + 4, f"{most_y * part / 4:g}", 11, "end"))
    for x, _ in series[0][1]:
        body.append(text(place(x, 0)[0], bottom + 16, f"{x:g} {x_unit}", 11, "middle"))
    for turn, (name, points) in enumerate(series):
        colour = COLOURS[turn]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in (place(*p) for p in points)]
        body.append(f'<rect x="{left + 12}" y="{top + 4 + 18 * turn}" width="12" height="12" fill="{colour}"/>')
        body.append(text(left + 30, top + 14 + 18 * turn, name, 12))
    body.append(text(16, 44, y_unit, 11))
    return page(title, body, bottom + 26, caption)


def nice(value):
    """The least of 4, 8, 20, 40, 80, 200 ... that is no less."""
    return next(4 * step * 10**power for power in range(9) for step in (1, 2, 5) if 4 * step * 10**power >= value)
