// The contents of the charts, from the data.

// ---- Data ----

// Points [seconds, value] of a level of a view; a thinned one has two values a bucket.
function levelPoints(view, values, factor) {
    const points = [];
    const per = view.paired ? 2 : 1;
    for (let i = 0; i < view.t.length; i++) {
        const next = i + 1 < view.t.length ? view.t[i + 1] : view.end;
        for (let j = 0; j < per; j++) {
            const value = values[i * per + j];
            const time = view.t[i] + (per === 2 ? (next - view.t[i]) * (0.25 + 0.5 * j) : 0);
            points.push([ time, value === null ? null : value * (factor || 1) ]);
        }
    }
    return points;
}

function flowPoints(view, values, factor) {
    return view.t.map((time, i) => [time, values[i] === null ? null : values[i] * factor]);
}

// Sums the same list of every market.
function addUp(lists) {
    const sums = [];
    for (const list of lists) {
        list.forEach((value, i) => { sums[i] = (sums[i] || 0) + (value || 0); });
    }
    return sums;
}

// Product of two lists of levels, null where either is.
function product(a, b) {
    return a.map((value, i) => value === null || b[i] === null ? null : value * b[i]);
}

// ---- Charts ----

const lines = [
    {colour : 'ink'}, {colour : 'long', style : 'dashed'},
    {colour : 'short', style : 'long-dashed'}, {colour : 'fund', style : 'dotted'},
    {colour : 'third'}
];

// Everything drawn from series.csv. `range` is common to all charts.
class Charts {
    constructor(data, scale) {
        this.series = data.series;
        this.scale = scale;
        this.made = new Map();
        const whole = this.series.views[0];
        this.full = [ 0, whole.end ];
        this.range = this.full;
        // Most liquidated first, as in the whole page.
        const totals = whole.markets.map(
            (market) =>
                addUp([ market.long, market.short ]).reduce((sum, value) => sum + value, 0));
        this.order = whole.markets.map((_, i) => i).sort((a, b) => totals[b] - totals[a] || a - b);
    }

    // The finest view that holds the range.
    view() {
        const hour = this.series.views[1];
        const inside = this.range[0] >= hour.t[0] && this.range[1] <= hour.end;
        return inside ? hour : this.series.views[0];
    }

    show(id, parent, panels, title) {
        if (!this.made.has(id)) this.made.set(id, new Chart(parent));
        const view = this.view();
        const span = view.t.length > 1 ? (view.end - view.t[0]) / (view.t.length - 1) : 1;
        this.made.get(id).draw({
            title,
            panels,
            range : this.range,
            span : Math.ceil(span),
            bands : this.series.hour.liquidated > 0 ? [ this.series.hour ] : [],
            select : (from, to) => this.select([ from, to ])
        });
    }

    flows(view, long, short) {
        return [
            {
                name : 'shorts closed',
                colour : 'short',
                kind : 'bars',
                format : money,
                points : flowPoints(view, short, this.scale)
            },
            {
                name : 'longs closed',
                colour : 'long',
                kind : 'bars',
                down : true,
                format : money,
                points : flowPoints(view, long, this.scale)
            }
        ];
    }

    // An axis of flows reads the same up and down.
    flowPanel(view, long, short, height) {
        return {
            height,
            zero : true,
            format : (value) => money(Math.abs(value)),
            series : this.flows(view, long, short)
        };
    }

    overview() {
        const view = this.view();
        const long = addUp(view.markets.map((market) => market.long));
        const short = addUp(view.markets.map((market) => market.short));
        const whole = this.series.views[0];
        let sum = 0;
        const total = addUp(whole.markets.flatMap((market) => [market.long, market.short]))
                          .map((value, i) => [whole.t[i], (sum += value) * this.scale]);
        this.show('overview', byId('chart-overview'),
                  [
                      this.flowPanel(view, long, short, 190), {
                          height : 90,
                          zero : true,
                          format : money,
                          series : [ {
                              name : 'liquidated since the start',
                              colour : 'ink',
                              kind : 'line',
                              points : total
                          } ]
                      }
                  ],
                  'Liquidated in all markets');
    }

    market(index, parent, tall) {
        const view = this.view();
        const market = view.markets[index];
        this.show('market ' + index, parent,
                  [
                      {
                          height : tall ? 170 : 120,
                          format : price,
                          series : [
                              {
                                  name : 'index',
                                  colour : 'muted',
                                  style : 'dashed',
                                  kind : 'line',
                                  points : levelPoints(view, market.index)
                              },
                              {
                                  name : 'mark',
                                  colour : 'ink',
                                  kind : 'line',
                                  points : levelPoints(view, market.mark)
                              }
                          ]
                      },
                      this.flowPanel(view, market.long, market.short, tall ? 100 : 80)
                  ],
                  market.name);
    }

    markets() {
        const parent = byId('chart-markets');
        const shown = this.order.slice(0, 12);
        for (const index of shown)
            this.market(index, parent, shown.indexOf(index) < 2);
        const rest = this.order.slice(12);
        if (rest.length === 0) return;
        if (!this.rest) {
            this.rest =
                element('details', {},
                        element('summary', {text : 'The other ' + rest.length + ' markets'}));
            parent.after(this.rest);
            this.rest.addEventListener('toggle', () => this.restMarkets(rest));
        }
        this.restMarkets(rest);
    }

    restMarkets(rest) {
        if (!this.rest.open) return;
        if (!this.restGrid) {
            this.restGrid = element('div', {class : 'grid'});
            this.rest.append(this.restGrid);
        }
        for (const index of rest)
            this.market(index, this.restGrid, false);
    }

    level(id, parent, title, name, values, format, options) {
        const {factor, zero, whole, colour} = options;
        this.show(id, parent, [ {
                      height : 170,
                      zero,
                      whole,
                      format,
                      series : [ {
                          name,
                          colour : colour || 'ink',
                          kind : 'line',
                          points : levelPoints(this.view(), values, factor)
                      } ]
                  } ],
                  title);
    }

    venue() {
        const view = this.view();
        this.level('fund', byId('chart-fund'), 'Insurance fund', 'fund', view.fund, money,
                   {factor : this.scale, colour : 'fund'});
        const interest = addUp(view.markets.map((one) => product(one.open_interest, one.mark)));
        this.level('interest', byId('chart-interest'), 'Open interest of all markets, at mark',
                   'open interest', interest, money, {factor : this.scale});
        const few = this.order.slice(0, 4);
        this.show(
            'funding', byId('chart-funding'), [ {
                height : 150,
                zero : true,
                format : (value) => percent(value, 3),
                series : few.map((index, i) => ({
                                     name : view.markets[index].name,
                                     ...lines[i],
                                     kind : 'line',
                                     points : levelPoints(view, view.markets[index].funding_rate)
                                 }))
            } ],
            'Funding rate per interval' +
                (this.order.length > 4 ? ', the four most liquidated markets' : ''));
        this.level('backlog', byId('chart-backlog'), 'Accounts waiting to be liquidated', 'backlog',
                   view.backlog, count, {zero : true, whole : true});
        this.level('leverage', byId('chart-leverage'), 'Leverage of the whole market',
                   'open interest / collateral', view.leverage_ratio, (value) => decimals(value, 3),
                   {});
    }

    liquidity() {
        const choice = byId('liquidity-market');
        if (choice.options.length === 0) {
            for (const index of this.order) {
                choice.append(element(
                    'option', {value : index, text : this.series.views[0].markets[index].name}));
            }
            choice.addEventListener('change', () => this.liquidity());
        }
        const view = this.view();
        const market = view.markets[Number(choice.value)];
        const depth = (values) => levelPoints(view, product(values, market.mark), this.scale);
        const relative = market.spread.map(
            (value, i) => value === null || !market.mark[i] ? null : value / market.mark[i] * 1e4);
        this.show('liquidity', byId('chart-liquidity'),
                  [
                      {
                          height : 150,
                          zero : true,
                          format : money,
                          series : [
                              {
                                  name : 'bids',
                                  colour : 'short',
                                  kind : 'line',
                                  points : depth(market.bid_depth)
                              },
                              {
                                  name : 'offers',
                                  colour : 'long',
                                  style : 'dashed',
                                  kind : 'line',
                                  points : depth(market.ask_depth)
                              }
                          ]
                      },
                      {
                          height : 90,
                          zero : true,
                          format : (value) => decimals(value, value < 10 ? 1 : 0) + ' bp',
                          series : [ {
                              name : 'spread, in hundredths of a percent (bp)',
                              colour : 'ink',
                              kind : 'line',
                              points : levelPoints(view, relative)
                          } ]
                      }
                  ],
                  'Depth and spread of ' + market.name);
    }

    select(range) {
        this.range = range;
        this.drawAll();
        this.controls();
    }

    // Buttons for the range; one more while a range is selected by hand.
    controls() {
        const hour = this.series.views[1];
        const choices = [ [ 'Whole run', this.full ], [ 'Worst hour', [ hour.t[0], hour.end ] ] ];
        const same = (a, b) => a[0] === b[0] && a[1] === b[1];
        const parent = byId('range-controls');
        const focused =
            parent.contains(document.activeElement) && document.activeElement.textContent;
        parent.replaceChildren();
        // Without an hour that stands out there is nothing to choose.
        const all = hour.t[0] === 0 && hour.end === this.full[1];
        if (all || !(this.series.hour.liquidated > 0)) choices.pop();
        for (const [name, range] of choices) {
            const button = element(
                'button',
                {type : 'button', text : name, 'aria-pressed' : String(same(this.range, range))});
            button.addEventListener('click', () => this.select(range));
            parent.append(button);
            if (name === focused) button.focus();
        }
        const own = !choices.some((choice) => same(this.range, choice[1]));
        parent.append(element('span', {
            class : 'note',
            text :
                own ? 'Shown: ' + clock(this.range[0]) + ' to ' + clock(this.range[1])
                    : 'Times are hours:minutes since the start. Drag over a chart to look closer.'
        }));
    }

    drawAll() {
        this.overview();
        this.markets();
        this.venue();
        this.liquidity();
    }
}
