"""Draws the tables of growth.py as one SVG: four charts, both axes logarithmic."""

import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT = 960, 640, 64, 48, 380, 200
COLOURS = ["#2563ab", "#c2571a", "#3a8a4d", "#7a4fa3", "#8a6d1f", "#555555"]


def decades(values):
    """The powers of ten, and twice and five times those, that lie between the least and the greatest value or bound them."""
    low, high = min(values), max(values)
    ticks = [factor * 10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for factor in (1, 2, 5)]
    first = max(i for i, tick in enumerate(ticks) if tick <= low)
    last = min(i for i, tick in enumerate(ticks) if tick >= high)
    return ticks[first:last + 1]


def short(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def chart(index, title, places, series):
    """One chart. places: labels of the horizontal axis, evenly spaced; series: (name, values), None where nothing was measured."""
    x0 = LEFT + (index % 2) * (WIDTH // 2)
    y0 = TOP + (index // 2) * (HEIGHT // 2)
    known = [value for _, values in series for value in values if value is not None]
    ticks = decades(known)
    span = math.log(ticks[-1] / ticks[0]) or 1.0

    def at_x(i):
        return x0 + PLOT_WIDTH * (i + 0.5) / len(places)

    def at_y(value):
        return y0 + PLOT_HEIGHT * (1 - math.log(value / ticks[0]) / span)

    out = [f'<text x="{x0}" y="{y0 - 14}" font-weight="bold">{escape(title)}</text>']
    for tick in ticks:
        y = at_y(tick)
        out.append(f'<line x1="{x0}" y1="{y:.1f}" x2="{x0 + PLOT_WIDTH}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{x0 - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{short(tick)}</text>')
    for i, place in enumerate(places):
        out.append(f'<text x="{at_x(i):.1f}" y="{y0 + PLOT_HEIGHT + 16}" text-anchor="middle" fill="#555">{escape(place)}</text>')
    for number, (name, values) in enumerate(series):
        colour = COLOURS[number]
        points = [(at_x(i), at_y(value)) for i, value in enumerate(values) if value is not None]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        row, column = divmod(number, 3)
        x, y = x0 + 130 * column, y0 + PLOT_HEIGHT + 36 + 16 * row
        out.append(f'<line x1="{x}" y1="{y - 4}" x2="{x + 16}" y2="{y - 4}" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<text x="{x + 20}" y="{y}">{escape(name)}</text>')
    return out


def charts(results, figures):
    """The picture, as text. figures: rows of the tables by threads, length, batch size and size of the model."""
    titles = ["Threads: tokens/s", "Tokens a sequence: tokens/s", "Sequences at once: tokens/s", "Weights of the model: tokens/s"]
    names = [["step, f32", "step, bf16", "prompt, f32", "prompt, bf16", "writing, f32", "writing, bf16"],
             ["step, f32", "step, bf16", None, "prompt, f32", "prompt, bf16", None], ["step, f32", "step, bf16", None, "writing, f32", "writing, bf16", None],
             ["step, f32", None, None, "prompt, f32", "prompt, bf16", "prompt, int8", "writing, f32", None, "writing, int4"]]
    said = f"{results['processor']}, {results['cores']} cores, commit {results['commit']}, {results['date']}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', f'<text x="{LEFT}" y="16" fill="#555">{escape(said)}</text>']
    for index, (title, rows) in enumerate(zip(titles, figures)):
        series = [(name, [row[column] for row in rows]) for column, name in enumerate(names[index], 1) if name]
        series = [(name, values) for name, values in series if any(value is not None for value in values)]
        out += chart(index, title, [row[0] for row in rows], series)
    return "\n".join([*out, "</svg>"]) + "\n"
