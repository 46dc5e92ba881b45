// Numbers as text, and tables.

const plain = new Intl.NumberFormat('en-US', {maximumFractionDigits : 0});

function number(value) {
    return typeof value === 'string'               ? Number(value)
           : value === null || value === undefined ? NaN
                                                   : value;
}

function decimals(value, digits) {
    return new Intl
        .NumberFormat('en-US', {minimumFractionDigits : digits, maximumFractionDigits : digits})
        .format(value);
}

function count(value) { return isFinite(value) ? plain.format(value) : 'none'; }

// Three to four significant digits with a unit; `words` spells it out.
function scaled(value, words) {
    const size = Math.abs(value);
    for (const [limit, short, long] of [[ 1e12, 'T', ' trillion' ], [ 1e9, 'B', ' billion' ],
                                        [ 1e6, 'M', ' million' ], [ 1e3, 'K', ' thousand' ]]) {
        // From 999.5 of the unit below on it would be printed as 1,000 of it.
        if (size < limit * 0.9995 || (words && limit === 1e3)) continue;
        const amount = value / limit;
        const digits = words                      ? (Math.abs(amount) < 9.995   ? 2
                                                     : Math.abs(amount) < 99.95 ? 1
                                                                                : 0)
                       : Math.abs(amount) < 99.95 ? 1
                                                  : 0;
        const text = decimals(amount, digits);
        return (words ? text : text.replace(/\.0$/, '')) + (words ? long : short);
    }
    if (size === 0) return '0';
    return decimals(value, Number.isInteger(value) || size >= 100 ? 0 : size >= 1 ? 2 : 4);
}

function signed(value, text) { return value < 0 ? '\u2212' + text : text; }

function money(value, words) {
    if (value === null || !isFinite(value)) return 'none';
    return signed(value, '$' + scaled(Math.abs(value), words));
}

function fullMoney(value) {
    return isFinite(value) ? signed(value, '$' + decimals(Math.abs(value), 2)) : 'none';
}

// To a tenth, everywhere; what a tenth would make nothing or all has as many more as it takes.
function percent(part, digits) {
    if (!isFinite(part)) return 'none';
    const near = Math.min(Math.abs(part), Math.abs(1 - Math.abs(part)));
    const needed = near > 0 && near < 0.0005 ? 3 : 1;
    return decimals(part * 100, digits === undefined ? needed : digits) + '\u00a0%';
}

// A price with the digits that its size deserves.
function price(value) {
    if (value === null || !isFinite(value)) return 'none';
    const size = Math.abs(value);
    return decimals(value, size >= 10000  ? 0
                           : size >= 1000 ? 1
                           : size >= 10   ? 2
                           : size >= 1    ? 3
                                          : 5);
}

function duration(seconds) {
    if (!isFinite(seconds)) return 'none';
    if (seconds > 0 && seconds < 1) return decimals(seconds * 1000, 0) + ' ms';
    const units = [ [ 86400, 'd' ], [ 3600, 'h' ], [ 60, 'min' ], [ 1, 's' ] ];
    for (const [size, name] of units) {
        if (seconds < size && size > 1) continue;
        const amount = seconds / size;
        return decimals(amount, Number.isInteger(amount) ? 0 : 1) + ' ' + name;
    }
    return '0 s';
}

// The same in words, for a sentence.
function durationWords(seconds) {
    const units = [ [ 3600, 'hour' ], [ 60, 'minute' ], [ 1, 'second' ] ];
    for (const [size, name] of units) {
        if (seconds < size * 1.5 && seconds !== size) continue;
        const amount = seconds / size;
        return decimals(amount, Number.isInteger(amount) ? 0 : 1) + ' ' + name +
               (amount === 1 ? '' : 's');
    }
    return seconds === 0 ? 'no time' : duration(seconds);
}

function nanoseconds(value) {
    if (!isFinite(value)) return 'none';
    for (const [size, name] of [[ 1e9, 's' ], [ 1e6, 'ms' ], [ 1e3, '\u00b5s' ]]) {
        if (value >= size) return decimals(value / size, value / size < 100 ? 2 : 0) + ' ' + name;
    }
    return decimals(value, 0) + ' ns';
}

// ---- Elements ----

function byId(id) { return document.getElementById(id); }

// Fills a table: a header of `heads`, rows of text, of which the first `labels` cells are labels
// (left), the others numbers (right). A cell may be {text, key} to carry the summary's key.
function table(parent, caption, heads, rows, labels) {
    const cell = (value, i, row) => {
        const options = typeof value === 'object' && value !== null ? {...value} : {text : value};
        if (options.key) options['data-key'] = options.key;
        delete options.key;
        if (i >= labels) options.class = 'number';
        if (i === 0 && row) return element('th', {scope : 'row', ...options});
        return element('td', options);
    };
    const head = element('tr');
    heads.forEach((text, i) => head.append(element(
                      'th', {scope : 'col', text, class : i >= labels ? 'number' : undefined})));
    const body = element('tbody');
    for (const row of rows) {
        const line = element('tr');
        row.forEach((value, i) => line.append(cell(value, i, true)));
        body.append(line);
    }
    parent.replaceChildren(element('caption', {text : caption}), element('thead', {}, head), body);
    return parent;
}

function none(parent, caption, text) {
    parent.replaceChildren(
        element('caption', {text : caption}),
        element('tbody', {}, element('tr', {}, element('td', {text, class : 'wide'}))));
}

function plural(amount, one, many) { return count(amount) + ' ' + (amount === 1 ? one : many); }

// A total that may be given by cause.
function total(value) {
    if (value === null || typeof value !== 'object') return number(value);
    return Object.values(value).reduce((sum, part) => sum + number(part), 0);
}
