"""What the pictures of the documentation share: colours for a light and a dark page, axes, text."""

import math

COLOURS = [('#1f6feb', '#79b8ff'), ('#c2410c', '#ffa657'), ('#15803d', '#7ee787'),
           ('#86198f', '#e0a3ff'), ('#57606a', '#9aa4af'), ('#a16207', '#f2cc60')]
STYLE = """
  .paper { fill: #ffffff } .ink { fill: #1f2328 } .soft { fill: #57606a }
  .grid { stroke: #d8dee4; stroke-width: 1 } .axis { stroke: #57606a; stroke-width: 1 }
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
  .title { font-size: 15px; font-weight: 600 } .line { fill: none; stroke-width: 2 }
  .reach { fill: none; stroke-width: 1; opacity: 0.6 }
"""
DARK = ('    .paper { fill: #0d1117 } .ink { fill: #e6edf3 } .soft { fill: #9aa4af }\n'
        '    .grid { stroke: #272d36 } .axis { stroke: #9aa4af }\n')


def short(number):
    """1,000,000 as 1 M; 0.01 as it is."""
    for size, letter in ((1e9, ' G'), (1e6, ' M'), (1e3, ' k')):
        if number >= size:
            return f'{number / size:.4g}{letter}'
    return f'{number:.4g}'


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;')


def head(size, title, left, summary='', style='', told=''):
    """The first lines of a picture of `size` (width, height): its title, for who cannot see it what
    it is (`told`, the title where that is empty) and a summary, and its colours: line class cN,
    fill class fN, of COLOURS[N]."""
    width, height = size

    def classes(night):
        return ''.join(f'  .c{i} {{ stroke: {pair[night]} }} .f{i} {{ fill: {pair[night]} }}\n'
                       for i, pair in enumerate(COLOURS))

    described = [f'<desc>{escape(summary)}</desc>'] if summary else []
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img">',
            f'<title>{escape(told or title)}</title>', *described,
            f'<style>{STYLE}{classes(0)}{style}'
            f'  @media (prefers-color-scheme: dark) {{\n{DARK}{classes(1)}  }}\n</style>',
            f'<rect class="paper" width="{width}" height="{height}" rx="6"/>',
            f'<text class="ink title" x="{left}" y="26">{escape(title)}</text>']


class Axis:
    """Values to pixels: decades, or (linear) round steps from zero."""

    def __init__(self, values, start, end, linear):
        self.start, self.end, self.linear = start, end, linear
        if linear:
            step = 10 ** math.floor(math.log10(max(values)))
            while max(values) / step < 4:
                step /= 2
            self.low, self.high = 0, math.ceil(max(values) / step) * step
            self.ticks = [step * i for i in range(round(self.high / step) + 1)]
        else:
            self.low = math.floor(math.log10(min(values)) + 1e-9)
            self.high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + 1)
            self.ticks = [10.0 ** i for i in range(self.low, self.high + 1)]

    def __call__(self, number):
        at = number if self.linear else math.log10(number)
        return self.start + (at - self.low) / (self.high - self.low) * (self.end - self.start)


class Range:
    """Values to pixels between two ends, with `count` round steps or so in between."""

    def __init__(self, low, high, start, end, count=4):
        span = (high - low) or 1
        step = 10 ** math.floor(math.log10(span / count))
        step *= next(m for m in (1, 2, 5, 10) if span / (step * m) <= count + 1e-9)
        self.low, self.high, self.start, self.end = low, low + span, start, end
        first = math.ceil(low / step - 1e-9)
        self.ticks = [step * i for i in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def __call__(self, number):
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)


def stairs(points, x, y):
    """A path that keeps each value until the next."""
    path = f'M{x(points[0][0]):.1f} {y(points[0][1]):.1f}'
    for at, value in points[1:]:
        path += f'H{x(at):.1f}V{y(value):.1f}'
    return path
