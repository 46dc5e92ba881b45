// Drawing: one figure of stacked panels over a common time axis, as SVG.

const SVG = 'http://www.w3.org/2000/svg';
const GAP = 20; // between the panels of a figure

function svg(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes)
        element.setAttribute(key, attributes[key]);
    if (parent) parent.appendChild(element);
    return element;
}

// An element with text (never markup) and children.
function element(name, options, ...children) {
    const made = document.createElement(name);
    for (const key in options || {}) {
        if (key === 'text')
            made.textContent = options[key];
        else if (options[key] !== undefined)
            made.setAttribute(key, options[key]);
    }
    for (const child of children) {
        if (child !== null && child !== undefined) made.append(child);
    }
    return made;
}

// ---- Scales ----

function niceStep(span, count) {
    const raw = span / count;
    const power = Math.pow(10, Math.floor(Math.log10(raw)));
    for (const factor of [1, 2, 2.5, 5, 10]) {
        if (power * factor >= raw * 0.999) return power * factor;
    }
    return power * 10;
}

// Round values in [low, high], about `count` of them, no closer than `least`.
function ticks(low, high, count, least) {
    const step = Math.max(least, niceStep(high - low, count));
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
        found.push(i === 0 ? 0 : i * step);
    }
    // One label alone is no scale.
    return found.length < 2 && step > least ? ticks(low, high, count * 2, least) : found;
}

// Labels of one axis without the zeros that all of them end in behind the point.
function tidy(labels) {
    let kept = labels;
    while (kept.length > 0 &&
           kept.every((label) => /\.\d*0(?!\d)/.test(label) || !/[1-9]/.test(label))) {
        const next =
            kept.map((label) => label.replace(/(\.\d*)0(?!\d)/, '$1').replace(/\.(?!\d)/, ''));
        if (next.every((label, i) => label === kept[i])) break;
        kept = next;
    }
    return kept;
}

const TIME_STEPS = [
    1,    2,    5,    10,    15,    30,    60,    120,   300,    600,   900,
    1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400, 172800, 604800
];

function timeStep(span, count) {
    for (const step of TIME_STEPS) {
        if (span / step <= count) return step;
    }
    return 604800 * Math.ceil(span / 604800 / count);
}

// Seconds since the start as h:mm, with seconds where the axis is that fine.
function clock(seconds, fine) {
    const whole = Math.round(seconds);
    const pad = (value) => String(value).padStart(2, '0');
    const text = Math.floor(whole / 3600) + ':' + pad(Math.floor(whole / 60) % 60);
    return fine || whole % 60 !== 0 ? text + ':' + pad(whole % 60) : text;
}

// ---- Points ----

// Points of a line within [from, to], with one neighbour on each side so that it meets the edges.
function inRange(points, from, to) {
    let first = points.findIndex((point) => point[0] >= from);
    if (first < 0) first = points.length;
    let last = points.length;
    while (last > 0 && points[last - 1][0] > to)
        last--;
    return points.slice(Math.max(0, first - 1), Math.min(points.length, last + 1));
}

// Sums flows into bins of `width` seconds.
function bin(points, from, to, width) {
    const sums = new Map();
    for (const [time, value] of points) {
        if (value === null || time < from || time > to) continue;
        const at = Math.floor(time / width);
        sums.set(at, (sums.get(at) || 0) + value);
    }
    return sums;
}

function nearest(points, time) {
    let low = 0;
    let high = points.length - 1;
    if (high < 0) return null;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (points[middle][0] < time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && time - points[low - 1][0] < points[low][0] - time) low--;
    return points[low][1] === null ? null : points[low];
}

// ---- The figure ----

// A chart keeps its figure; `draw(spec)` fills it. spec: title, range [from, to], bands
// [{from, to}], span (seconds a value of the data covers), panels [{height, format, zero, series
// [{name, colour, style, kind: 'line' | 'bars', down, points [[t, v]]}]}], select(from, to).
class Chart {
    constructor(parent) {
        this.figure = element('figure', {class : 'chart'});
        this.caption = element('figcaption');
        this.legend = element('div', {class : 'legend', 'aria-live' : 'polite'});
        this.plot = element('div', {class : 'plot', tabindex : '0', role : 'group'});
        this.details = element('details', {}, element('summary', {text : 'Numbers as a table'}));
        this.table = element('div', {class : 'scroll'});
        this.details.append(this.table);
        this.figure.append(this.caption, this.legend, this.plot, this.details);
        parent.append(this.figure);
        this.width = 0;
        this.cursor = null;
        this.listen();
    }

    listen() {
        new ResizeObserver(() => {
            const width = Math.round(this.plot.clientWidth);
            if (this.spec && width > 0 && width !== this.width) this.paint();
        }).observe(this.plot);
        this.details.addEventListener('toggle', () => this.fillTable());
        this.plot.addEventListener('pointermove', (event) => this.moved(event));
        this.plot.addEventListener('pointerleave', () => this.point(null));
        this.plot.addEventListener('blur', () => this.point(null));
        this.plot.addEventListener('keydown', (event) => this.pressed(event));
        this.plot.addEventListener('pointerdown', (event) => {
            if (event.pointerType !== 'mouse' || event.button !== 0) return;
            this.dragFrom = this.timeAt(event);
            event.preventDefault();
            this.plot.focus({preventScroll : true});
        });
        window.addEventListener('pointerup', (event) => this.released(event));
    }

    draw(spec) {
        this.spec = spec;
        this.caption.textContent = spec.title;
        this.plot.setAttribute('aria-label', spec.title + '. ' + this.describe() +
                                                 ' Left and right arrows read values.');
        this.paint();
        this.fillTable();
    }

    x(time) {
        const [from, to] = this.spec.range;
        return this.left + (time - from) / (to - from || 1) * (this.width - this.left - this.right);
    }

    timeAt(event) {
        const box = this.plot.getBoundingClientRect();
        const [from, to] = this.spec.range;
        const part = (event.clientX - box.left - this.left) / (this.width - this.left - this.right);
        return from + Math.min(1, Math.max(0, part)) * (to - from);
    }

    paint() {
        const spec = this.spec;
        this.width = Math.round(this.plot.clientWidth) || 640;
        const span = spec.range[1] - spec.range[0];
        this.binWidth = Math.max(timeStep(span, this.width / 6), spec.span || 0);
        const panels = spec.panels.map((panel) => this.layout(panel));
        for (const panel of panels)
            panel.labels = tidy(panel.ticks.map((tick) => panel.format(tick)));
        this.left =
            14 +
            7.4 * Math.max(...panels.flatMap((panel) => panel.labels.map((label) => label.length)));
        this.right = 10;
        const height = panels.reduce((sum, panel) => sum + panel.height + GAP, 0) - GAP + 42;
        const root = svg('svg', {
            viewBox : '0 0 ' + this.width + ' ' + height,
            width : this.width,
            height : height,
            'aria-hidden' : 'true'
        });
        let top = 8;
        this.panels = panels;
        this.bottom = height - 32;
        this.drawBands(root, this.bottom);
        for (const panel of panels) {
            panel.top = top;
            this.drawPanel(root, panel);
            top += panel.height + GAP;
        }
        this.drawTimes(root, height);
        this.overlay = svg('g', {}, root);
        this.plot.replaceChildren(root);
        this.point(this.cursor);
    }

    // Bins, extremes and ticks of a panel.
    layout(panel) {
        const [from, to] = this.spec.range;
        const values = panel.zero ? [ 0 ] : [];
        const series = panel.series.map((one) => {
            if (one.kind === 'bars') {
                const bins = bin(one.points, from, to, this.binWidth);
                for (const sum of bins.values())
                    values.push(one.down ? -sum : sum);
                return {...one, bins};
            }
            const points = inRange(one.points, from, to);
            for (const point of points)
                if (point[1] !== null) values.push(point[1]);
            return {...one, points};
        });
        let low = Math.min(...values);
        let high = Math.max(...values);
        const empty = values.length === 0 || !isFinite(low);
        if (empty) [low, high] = [ 0, 1 ];
        if (low === high) {
            const room = Math.abs(low) * 0.05 || 1;
            low = panel.zero && low >= 0 ? 0 : low - room;
            high += room;
        } else {
            const room = (high - low) * 0.06;
            high += high === 0 && panel.zero ? 0 : room;
            low -= low === 0 && panel.zero ? 0 : room;
        }
        // Flows that are all zero need no scale.
        const nothing =
            !empty && series.every((one) => one.bins && ![...one.bins.values()].some(Boolean));
        return {
            ...panel,
            series,
            low,
            high,
            empty,
            nothing,
            ticks : panel.zero && values.every((value) => value === 0)
                        ? [ 0 ]
                        : ticks(low, high, panel.height / 36, panel.whole ? 1 : 0)
        };
    }

    drawBands(root, bottom) {
        for (const band of this.spec.bands || []) {
            const left = Math.max(this.left, this.x(band.from));
            const right = Math.min(this.width - this.right, this.x(band.to));
            if (right <= left) continue;
            svg('rect',
                {class : 'band', x : left, y : 8, width : right - left, height : bottom - 8}, root);
        }
    }

    y(panel, value) {
        return panel.top + (panel.high - value) / (panel.high - panel.low) * panel.height;
    }

    drawPanel(root, panel) {
        for (let i = 0; i < panel.ticks.length; i++) {
            const tick = panel.ticks[i];
            const y = this.y(panel, tick);
            svg('line', {
                class : tick === 0 && panel.zero ? 'zero-line' : 'grid-line',
                x1 : this.left,
                x2 : this.width - this.right,
                y1 : y,
                y2 : y
            },
                root);
            svg('text', {x : this.left - 7, y : y + 4, 'text-anchor' : 'end'}, root).textContent =
                panel.labels[i];
        }
        if (panel.empty || panel.nothing) {
            svg('text', {
                x : (this.left + this.width) / 2,
                y : panel.top + panel.height / 2,
                'text-anchor' : 'middle'
            },
                root)
                .textContent = panel.empty ? 'not recorded in this run' : 'nothing was liquidated';
        }
        for (const one of panel.series) {
            if (one.kind === 'bars')
                this.drawBars(root, panel, one);
            else
                this.drawLine(root, panel, one);
        }
    }

    drawLine(root, panel, one) {
        const clip = [ this.left, this.width - this.right ];
        let path = '';
        let pen = false;
        let before = null;
        for (const [time, value] of one.points) {
            if (value === null) {
                pen = false;
                before = null;
                continue;
            }
            let x = this.x(time);
            const y = this.y(panel, value);
            if (x < clip[0]) {
                before = [ x, y ];
                continue;
            }
            if (!pen && before) {
                const part = (clip[0] - before[0]) / (x - before[0]);
                path += 'M' + clip[0] + ' ' + (before[1] + (y - before[1]) * part).toFixed(1);
                pen = true;
            }
            x = Math.min(x, clip[1]);
            path += (pen ? 'L' : 'M') + x.toFixed(1) + ' ' + y.toFixed(1);
            pen = true;
        }
        // A single point would be an invisible line.
        if (path && !path.includes('L')) path += 'h3';
        svg('path', {class : 'line c-' + one.colour + ' ' + (one.style || ''), d : path || 'M0 0'},
            root);
    }

    drawBars(root, panel, one) {
        const zero = this.y(panel, 0);
        let path = '';
        for (const [at, sum] of one.bins) {
            if (sum <= 0) continue;
            const left = Math.max(this.left, this.x(at * this.binWidth));
            const right = Math.min(this.width - this.right, this.x((at + 1) * this.binWidth));
            const width = Math.max(1, right - left - 1);
            const y = this.y(panel, one.down ? -sum : sum);
            // Never thinner than a hairline: something was there.
            const edge = one.down ? Math.max(y, zero + 0.8) : Math.min(y, zero - 0.8);
            path += 'M' + left.toFixed(1) + ' ' + zero.toFixed(1) + 'V' + edge.toFixed(1) + 'h' +
                    width.toFixed(1) + 'V' + zero.toFixed(1) + 'z';
        }
        svg('path', {class : 'bar c-' + one.colour, d : path || 'M0 0'}, root);
    }

    drawTimes(root, height) {
        const [from, to] = this.spec.range;
        const step = timeStep(to - from, (this.width - this.left) / 74);
        for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
            const x = this.x(at);
            svg('line',
                {class : 'grid-line', x1 : x, x2 : x, y1 : this.bottom, y2 : this.bottom + 5},
                root);
            svg('text',
                {x : x, y : height - 8, 'text-anchor' : x > this.width - 30 ? 'end' : 'middle'},
                root)
                .textContent = clock(at, step < 60);
        }
    }

    // ---- Reading values ----

    valueAt(one, time) {
        if (one.kind === 'bars') return one.bins.get(Math.floor(time / this.binWidth)) || 0;
        const point = nearest(one.points, time);
        return point ? point[1] : null;
    }

    // Shows the values at a time; null shows the plain legend.
    point(time) {
        this.cursor = time;
        if (!this.overlay) return;
        this.overlay.replaceChildren();
        const entries = [];
        if (time !== null) {
            const x = this.x(time);
            svg('line', {class : 'cursor', x1 : x, x2 : x, y1 : 8, y2 : this.bottom}, this.overlay);
            entries.push(element('b', {text : 'at ' + clock(time)}));
        }
        if (time !== null && this.dragFrom !== undefined) {
            const ends = [ this.x(this.dragFrom), this.x(time) ].sort((a, b) => a - b);
            svg('rect', {
                class : 'selection',
                x : ends[0],
                width : ends[1] - ends[0],
                y : 8,
                height : this.bottom - 8
            },
                this.overlay);
        }
        for (const panel of this.panels) {
            for (const one of panel.series) {
                const entry = element('span', {}, this.key(one), one.name);
                if (one.kind === 'bars') entry.append(' per ' + duration(this.binWidth));
                if (time !== null) {
                    const value = this.valueAt(one, time);
                    entry.append(
                        ' ', element('b', {
                            text : value === null ? 'none' : (one.format || panel.format)(value)
                        }));
                }
                entries.push(entry);
            }
        }
        this.legend.replaceChildren(...entries);
    }

    key(one) {
        if (one.kind === 'bars') return element('span', {class : 'key ' + one.colour});
        const root = svg('svg', {class : 'key', width : 24, height : 10, 'aria-hidden' : 'true'});
        svg('path', {class : 'line c-' + one.colour + ' ' + (one.style || ''), d : 'M0 6H24'},
            root);
        return root;
    }

    moved(event) {
        if (this.spec) this.point(this.timeAt(event));
    }

    released(event) {
        if (this.dragFrom === undefined) return;
        const ends = [ this.dragFrom, this.timeAt(event) ].sort((a, b) => a - b);
        this.dragFrom = undefined;
        const [from, to] = this.spec.range;
        if (this.spec.select && ends[1] - ends[0] > (to - from) / 60)
            this.spec.select(...ends);
        else
            this.point(this.cursor);
    }

    pressed(event) {
        const [from, to] = this.spec.range;
        const step = Math.max(this.spec.span || 0, (to - from) / 100);
        const start = this.cursor === null ? (from + to) / 2 : this.cursor;
        const moves = {ArrowLeft : start - step, ArrowRight : start + step, Home : from, End : to};
        if (event.key === 'Escape') this.point(null);
        if (!(event.key in moves)) return;
        event.preventDefault();
        this.point(Math.min(to, Math.max(from, moves[event.key])));
    }

    // ---- In words and as a table ----

    describe() {
        const parts = [];
        for (const panel of this.spec.panels) {
            for (const one of panel.series) {
                const values =
                    one.points.map((point) => point[1]).filter((value) => value !== null);
                if (values.length === 0) continue;
                const format = one.format || panel.format;
                let low = Infinity;
                let high = -Infinity;
                let sum = 0;
                for (const value of values) {
                    low = Math.min(low, value);
                    high = Math.max(high, value);
                    sum += value;
                }
                parts.push(one.kind === 'bars'
                               ? one.name + ': ' + format(sum) + ' in all.'
                               : one.name + ': from ' + format(values[0]) + ' to ' +
                                     format(values[values.length - 1]) + ', least ' + format(low) +
                                     ', greatest ' + format(high) + '.');
            }
        }
        return parts.join(' ');
    }

    fillTable() {
        if (!this.details.open || !this.spec) return;
        const [from, to] = this.spec.range;
        const step = Math.max(timeStep(to - from, 26), this.spec.span || 0);
        const all = this.spec.panels.flatMap(
            (panel) => panel.series.map((one) => ({format : panel.format, ...one})));
        const rows = [];
        for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
            rows.push([ clock(at, step < 60) ].concat(all.map((one) => {
                if (one.kind === 'bars') {
                    return one.format(bin(one.points, at, at + step * 0.999999, step)
                                          .get(Math.floor(at / step + 1e-9)) ||
                                      0);
                }
                const point = nearest(one.points, at);
                return point ? one.format(point[1]) : '';
            })));
        }
        const heads = [ 'time' ].concat(all.map(
            (one) => one.name +
                     (one.kind === 'bars' ? ' in the ' + duration(step) + ' from then' : '')));
        this.table.replaceChildren(table(element('table'), this.spec.title, heads, rows, 1));
    }
}
