// The text and tables of the page, from the embedded data.

class Page {
    constructor(data) {
        this.data = data;
        this.summary = data.summary;
        this.scale = number(this.summary.scale);
        const liquidations = this.summary.liquidations;
        this.notional = number(liquidations.notional);
        this.peak = number(liquidations.peak_hour.notional);
        this.peakLong = number(liquidations.peak_hour.long_share);
        this.long = number(liquidations.long_share);
        this.seconds = number(this.summary.simulated_s);
        this.fund = {
            start : number(this.summary.insurance.start),
            min : number(this.summary.insurance.min),
            end : number(this.summary.insurance.end),
            received : total(this.summary.insurance.received),
            paid : total(this.summary.insurance.paid)
        };
        this.adl = {
            events : number(this.summary.adl.events),
            accounts : number(this.summary.adl.accounts),
            notional : number(this.summary.adl.notional),
            haircut : number(this.summary.adl.haircut),
            least : number(this.summary.adl.least_haircut)
        };
        this.socialised = total(this.summary.socialised);
        this.start = data.series.samples > 0 ? BigInt(data.series.start_ns) : 0n;
    }

    // ---- The head ----

    headline() {
        if (!(this.notional > 0)) return 'Not one position was liquidated in this run.';
        const when = this.seconds > 3600 ? 'In the worst hour, '
                                         : 'In ' + durationWords(this.seconds) + ', ';
        const longs = this.peakLong;
        const side = !isFinite(longs) ? ''
                     : longs >= 0.5
                         ? ', ' + percent(longs) + ' of them bets on a rising price (longs)'
                         : ', ' + percent(1 - longs) + ' of them bets on a falling price (shorts)';
        return when + money(this.peak, true) + ' of positions were closed by force' + side + '.';
    }

    // The market that lost most to liquidation, else the one that fell most.
    mainMarket() {
        const amounts = Object.entries(this.summary.liquidations.by_market)
                            .map(([ name, value ]) => [name, number(value)])
                            .sort((a, b) => b[1] - a[1]);
        const falls = Object.entries(this.summary.price)
                          .map(([ name, value ]) => [name, number(value.max_drawdown)])
                          .sort((a, b) => b[1] - a[1]);
        const known = amounts.filter(([ name, value ]) => value > 0 && name in this.summary.price);
        return known.length > 0 ? known[0][0] : falls.length > 0 ? falls[0][0] : null;
    }

    lede() {
        const parts = [];
        const main = this.mainMarket();
        if (main !== null) {
            const path = this.summary.price[main];
            const moved = number(path.close) / number(path.open) - 1;
            parts.push(main + ' fell ' + percent(number(path.max_drawdown)) +
                       ' from a high to a later low and ended ' + percent(Math.abs(moved)) +
                       (moved < 0 ? ' below' : ' above') + ' where it began.');
        }
        if (this.notional > 0 && this.seconds > 3600) {
            parts.push('Over the whole ' + durationWords(this.seconds) + ' it was ' +
                       money(this.notional, true) + ', from ' +
                       plural(number(this.summary.liquidations.accounts), 'account', 'accounts') +
                       '.');
        }
        if (this.notional > 0) parts.push(this.whoTook());
        const change = this.fund.end - this.fund.start;
        if (this.fund.start > 0 || this.fund.received > 0) {
            parts.push(change === 0
                           ? 'The insurance fund ended as it began.'
                           : 'The insurance fund ' + (change < 0 ? 'lost ' : 'gained ') +
                                 money(Math.abs(change), true) +
                                 (this.fund.start > 0
                                      ? ' (' + percent(Math.abs(change) / this.fund.start) + ')'
                                      : '') +
                                 '.');
        }
        parts.push(this.adl.events > 0
                       ? plural(this.adl.accounts, 'winning account', 'winning accounts') +
                             ' had positions cut to pay for the losers (' +
                             money(this.adl.notional, true) + ').'
                       : 'No winner\u2019s position was cut to pay for a loser\u2019s.');
        parts.push(this.socialised > 0 ? money(this.socialised, true) +
                                             ' of losses had to be shared out among everybody.'
                                       : 'No loss was shared out.');
        return parts.join(' ');
    }

    whoTook() {
        const stages = this.stages();
        const sum = stages.reduce((all, stage) => all + stage.amount, 0);
        if (!(sum > 0)) return 'Nothing of it was closed.';
        const beyond = 1 - stages[0].amount / sum;
        if (beyond <= 0) return 'The order book took all of it.';
        return 'The order book took ' + percent(1 - beyond) +
               ' of it; the rest needed the stages behind.';
    }

    tiles() {
        const hour = this.seconds > 3600 ? 'Worst hour' : 'Whole run';
        const draw =
            this.fund.start > 0 ? (this.fund.start - this.fund.min) / this.fund.start : NaN;
        const rows = [
            [ hour, money(this.peak, true), 'closed by force', 'liquidations.peak_hour.notional' ],
            [
                'Whole run', money(this.notional, true), 'in ' + durationWords(this.seconds),
                'liquidations.notional'
            ],
            [
                'Longs among them', percent(this.peakLong),
                isFinite(this.long) ? 'in the ' + hour.toLowerCase() + '; ' + percent(this.long) +
                                          ' of the whole run'
                                    : 'nothing was closed by force',
                'liquidations.peak_hour.long_share'
            ],
            [
                'Liquidated accounts', count(number(this.summary.liquidations.accounts)),
                'as simulated', 'liquidations.accounts'
            ],
            [
                'Fund at its lowest', money(this.fund.min, true),
                isFinite(draw)
                    ? (draw > 0 ? percent(draw) + ' below its start' : 'never below its start')
                    : 'it began empty',
                'insurance.min'
            ],
            [
                'Deleveraged winners', count(this.adl.accounts),
                plural(this.adl.events, 'forced cut', 'forced cuts') + ', ' +
                    money(this.adl.notional, true),
                'adl.accounts'
            ],
            [
                'Losses shared by all', money(this.socialised, true), 'what nobody else could pay',
                'socialised'
            ],
            [
                'Do the books balance?', this.summary.conserved ? 'Yes' : 'NO',
                this.summary.conserved ? 'every unit of money has an owner'
                                       : 'do not trust this run',
                'conserved'
            ]
        ];
        for (const [name, value, more, key] of rows) {
            const shown = element('div', {class : 'value', text : value, 'data-key' : key});
            if (key === 'conserved') shown.classList.add(this.summary.conserved ? 'yes' : 'no');
            byId('tiles').append(
                element('div', {}, element('dt', {text : name}),
                        element('dd', {}, shown, element('div', {class : 'more', text : more}))));
        }
    }

    head() {
        const summary = this.summary;
        document.title = 'weir: ' + summary.scenario + ', seed ' + summary.seed;
        byId('kicker').textContent = 'weir \u00b7 simulated market \u00b7 scenario ' +
                                     summary.scenario + ' \u00b7 seed ' + summary.seed;
        byId('headline').textContent = this.headline();
        byId('lede').textContent = this.lede();
        if (!summary.conserved) {
            byId('problem').hidden = false;
            byId('problem').textContent =
                'The books of this run do not balance: money appeared or ' +
                'vanished. That is a fault of the program; its figures are not to be used.';
        }
        this.tiles();
        byId('scale-note').textContent =
            this.scale === 1
                ? 'The market is simulated at its real size.'
                : 'The market is simulated at 1/' + count(this.scale) +
                      ' of its real size. Amounts on this ' +
                      'page are real size, that is simulated amounts times ' + count(this.scale) +
                      ', unless they are marked as simulated; numbers of accounts ' +
                      'and commands are as simulated.';
        for (const heading of document.querySelectorAll('main h2')) {
            const id = heading.parentElement.id;
            byId('sections')
                .append(
                    element('li', {}, element('a', {href : '#' + id, text : heading.textContent})));
        }
    }

    // ---- The waterfall ----

    stages() {
        const amounts = this.summary.liquidations.by_stage;
        return [
            [
                'book', 'Order book',
                'Sold or bought back in the ordinary market, at a price that still leaves the ' +
                    'account with nothing worse than zero.'
            ],
            [
                'auction', 'Auction',
                'Put up for bids when the order book could not take it within the limit.'
            ],
            [
                'backstop', 'Backstop',
                'Taken over by accounts that had promised to, at a discount.'
            ],
            [
                'absorbed', 'Absorbed',
                'Taken over by the insurance fund itself, to be worked off later.'
            ],
            [
                'adl', 'Auto-deleveraging',
                'Closed against winners on the other side, in order of a ranking, because ' +
                    'nobody else was left.'
            ],
        ].map(([ key, name, what ]) => ({key, name, what, amount : number(amounts[key])}));
    }

    waterfall() {
        const stages = this.stages();
        const sum = stages.reduce((all, stage) => all + stage.amount, 0);
        const parent = byId('stages');
        for (const stage of stages) {
            const share = sum > 0 ? stage.amount / sum : 0;
            const fill = element('div', {class : 'fill'});
            // A stage that acted is visible, however little it took.
            fill.style.width =
                stage.amount > 0 ? 'max(3px, ' + (share * 100).toFixed(3) + '%)' : '0';
            parent.append(element('div', {class : 'stage'},
                                  element('span', {class : 'name', text : stage.name}),
                                  element('div', {class : 'track', 'aria-hidden' : 'true'}, fill),
                                  element('span', {class : 'amount'}, element('span', {
                                              text : money(stage.amount, true),
                                              'data-key' : 'liquidations.by_stage.' + stage.key
                                          }),
                                          sum > 0 ? ' \u00b7 ' + percent(share) : ''),
                                  element('span', {class : 'what', text : stage.what})));
        }
        const own = this.data.liquidations;
        table(byId('losses'), 'Amounts in real size', [ '', 'amount', '' ],
              [
                  [
                      'Left unpaid when closed', fullMoney(own.shortfall * this.scale),
                      plural(own.short_of_money, 'liquidation', 'liquidations')
                  ],
                  [
                      'Paid by the insurance fund, for whatever cause',
                      {text : fullMoney(this.fund.paid), key : 'insurance.paid'}, ''
                  ],
                  [
                      'Borne by deleveraged winners (haircut)',
                      {text : fullMoney(this.adl.haircut), key : 'adl.haircut'},
                      plural(this.adl.accounts, 'account', 'accounts')
                  ],
                  [
                      'Shared out among all',
                      {text : fullMoney(this.socialised), key : 'socialised'}, ''
                  ],
              ],
              1);
    }

    fundText() {
        const fund = this.fund;
        byId('fund-text').textContent =
            'The fund takes liquidation fees and pays what bankrupt accounts ' +
            'cannot. It began with ' + money(fund.start, true) + ', stood at ' +
            money(fund.min, true) + ' at its lowest and ended with ' + money(fund.end, true) +
            '. It received ' + money(fund.received, true) + ' and paid ' + money(fund.paid, true) +
            '.';
        this.purses();
    }

    // With several settlement assets: what the fund holds of each, in that asset.
    purses() {
        const assets = Object.entries(this.summary.by_asset || {});
        if (assets.length === 0) return;
        byId('fund-text').textContent +=
            ' It has a purse for each asset that markets settle in; above, coins count at their ' +
            'index of the moment.';
        const keys = [ 'fund_start', 'fund_min', 'fund_end', 'received', 'paid' ];
        const rows = assets.map(
            ([ asset,
               of ]) => [asset, ...keys.map((key) => ({text : decimals(number(of[key]), 4)}))]);
        byId('fund').append(element(
            'div', {class : 'scroll'},
            table(element('table', {id : 'purse-table'}), 'Purses of the fund, each in its asset',
                  [ 'asset', 'start', 'least', 'end', 'received', 'paid' ], rows, 1)));
    }

    // ---- Sides ----

    split(name, long, short, key) {
        const sum = long + short;
        const bar = element('div', {class : 'track', 'aria-hidden' : 'true'});
        for (const [side, amount] of [[ 'long', long ], [ 'short', short ]]) {
            const fill = element('div', {class : 'fill ' + side});
            fill.style.width = sum > 0 ? (amount / sum * 100).toFixed(3) + '%' : '0';
            bar.append(fill);
        }
        const shares = sum > 0 ? [element('span', {text: percent(long / sum), 'data-key': key}),
            ' long, ' + percent(short / sum) + ' short of ' +
            money(sum, true)] : ['nothing liquidated'];
        byId('splits').append(element('div', {class : 'split'},
                                      element('span', {class : 'name', text : name}), bar,
                                      element('span', {class : 'shares'}, ...shares)));
    }

    splits() {
        const parts = (sum, share) =>
            isFinite(share) ? [ sum * share, sum * (1 - share) ] : [ 0, 0 ];
        if (this.seconds > 3600) {
            this.split('Worst hour', ...parts(this.peak, this.peakLong),
                       'liquidations.peak_hour.long_share');
        }
        this.split('Whole run', ...parts(this.notional, this.long), 'liquidations.long_share');
        if (this.data.series.samples === 0) return;
        const whole = this.data.series.views[0];
        const add = (list) => list.reduce((sum, value) => sum + (value || 0), 0) * this.scale;
        for (const index of this.charts.order.slice(0, 12)) {
            const market = whole.markets[index];
            this.split(market.name, add(market.long), add(market.short));
        }
    }

    keepingUp() {
        const own = this.data.liquidations;
        const steps = own.count > 0 ? own.steps / own.count : NaN;
        const ended = (seconds) => !isFinite(seconds) ? 'not at all'
                                   : seconds === 0    ? 'in the instant they began'
                                                      : 'within ' + durationWords(seconds);
        byId('keeping-up-text').textContent =
            own.count === 0
                ? 'There was nothing to liquidate.'
                : 'In simulated time half of the liquidations ended ' + ended(own.took_p50) +
                      ', 99 of 100 ' + ended(own.took_p99) + ', all ' + ended(own.took_max) +
                      '; they took ' + decimals(steps, 1) + ' steps on average. ' +
                      (own.open > 0 ? plural(own.open, 'was', 'were') +
                                          ' still under way when the run ended.'
                                    : 'None was left unfinished.');
    }

    // ---- Lists ----

    side(word) { return {sell : 'long', buy : 'short'}[word] || word || 'none'; }

    since(ns) { return clock(Number(BigInt(ns) - this.start) / 1e9, true); }

    largest() {
        const own = this.data.liquidations;
        const rows = own.top.map(
            (one) => [one.account, this.since(one.started_ns), one.market || 'none',
                      this.side(one.side), one.class, one.outcome, money(one.notional * this.scale),
                      money(one.notional), duration(one.took), money(one.shortfall * this.scale)]);
        if (rows.length === 0)
            none(byId('top-liquidations'), 'None', 'Nothing was liquidated.');
        else {
            table(byId('top-liquidations'),
                  'The ' + rows.length + ' largest of ' + count(own.count) +
                      ', by notional when they were triggered',
                  [
                      'account', 'time', 'market', 'side', 'class', 'outcome', 'real size',
                      'as simulated', 'took', 'left unpaid'
                  ],
                  rows, 6);
        }
        const adl = this.data.adl;
        const cuts =
            adl.top.map((one) => [one.account, count(one.events), money(one.notional * this.scale),
                                  money(one.notional), fullMoney(one.haircut * this.scale),
                                  fullMoney(one.least_haircut * this.scale)]);
        if (cuts.length === 0)
            none(byId('top-adl'), 'None', 'Nobody was deleveraged.');
        else {
            table(byId('top-adl'),
                  'The ' + cuts.length + ' most deleveraged of ' +
                      plural(adl.accounts, 'account', 'accounts'),
                  [ 'account', 'cuts', 'real size', 'as simulated', 'haircut', 'least haircut' ],
                  cuts, 1);
        }
        this.kinds();
    }

    kinds() {
        const own = this.data.liquidations;
        const name = (i) => i === 0 ? 'under $10'
                            : i === own.sizes.length - 1
                                ? money(10 ** i) + ' and more'
                                : money(10 ** i) + ' to ' + money(10 ** (i + 1));
        const sizes = own.sizes.map(
            (amount,
             i) => [name(i), count(amount), percent(own.count > 0 ? amount / own.count : NaN)]);
        table(byId('sizes'), 'Liquidations by notional, as simulated',
              [ 'notional', 'liquidations', 'share' ], sizes.filter((_, i) => own.sizes[i] > 0), 1);
        const outcomes = this.summary.liquidations.outcomes;
        const rows = own.classes.map((one) => ['class ' + one.name, count(one.count),
                                               money(one.notional * this.scale, true)]);
        for (const [key,
                    what] of [[ 'cured', 'cured: healthy again before a lot was closed' ],
                              [ 'restored', 'restored: partly closed, margin is enough again' ],
                              [ 'closed', 'closed: nothing of the position is left' ]]) {
            rows.push([
                what, {text : count(number(outcomes[key])), key : 'liquidations.outcomes.' + key},
                ''
            ]);
        }
        table(byId('classes'), 'Numbers as simulated, amounts in real size',
              [ '', 'liquidations', 'notional' ], rows, 1);
    }

    markets() {
        const liquidations = this.summary.liquidations;
        const names = Object.keys(this.summary.price);
        for (const name in liquidations.by_market)
            if (!names.includes(name)) names.push(name);
        const of = (list, name) => name in list ? number(list[name]) : 0;
        names.sort((a, b) => of(liquidations.by_market, b) - of(liquidations.by_market, a));
        const rows = names.map((name) => {
            const path = this.summary.price[name] || {};
            const hour = of(liquidations.peak_hour.by_market, name);
            const cell = (key) =>
                ({text : price(number(path[key])), key : 'price.' + name + '.' + key});
            return [
                name, cell('open'), cell('low'), cell('high'), cell('close'),
                percent(number(path.max_drawdown)), money(hour),
                percent(this.peak > 0 ? hour / this.peak : NaN), {
                    text : money(of(liquidations.by_market, name)),
                    key : 'liquidations.by_market.' + name
                }
            ];
        });
        table(byId('market-table'), 'Mark prices; liquidated amounts in real size',
              [
                  'market', 'open', 'low', 'high', 'close', 'largest fall',
                  'liquidated in the worst hour', 'share of it', 'in the whole run'
              ],
              rows, 1);
    }

    // ---- The engine, identity, figures ----

    engine() {
        const figures = this.summary.performance;
        const wall = number(figures.wall_s);
        byId('engine-text').textContent =
            'The engine worked through ' + count(number(this.summary.commands)) + ' commands in ' +
            durationWords(wall) +
            (wall > 0
                 ? ': ' + count(this.seconds / wall) + ' times faster than the market it simulates'
                 : '') +
            '. These times belong to the machine of this run; everything else ' +
            'on this page does not.';
        const key = (path, text) => ({text, key : path});
        table(byId('work'), 'One run, one core for the engine', [ '', '' ],
              [
                  [ 'simulated time', key('simulated_s', duration(this.seconds)) ],
                  [ 'wall time', key('performance.wall_s', duration(wall)) ],
                  [ 'commands', key('commands', count(number(this.summary.commands))) ],
                  [ 'events', key('events', count(number(this.summary.events))) ],
                  [
                      'commands a second',
                      key('performance.commands_per_s', count(number(figures.commands_per_s)))
                  ],
                  [
                      'liquidations',
                      key('liquidations.scopes', count(number(this.summary.liquidations.scopes)))
                  ],
                  [
                      'liquidations a second', key('performance.liquidations_per_s',
                                                   count(number(figures.liquidations_per_s)))
                  ]
              ],
              1);
        const names = {
            p50 : 'half of them',
            p99 : '99 %',
            p99_9 : '99.9 %',
            p99_99 : '99.99 %',
            max : 'all (longest)'
        };
        table(byId('latency'),
              'Time within which a command was done, liquidations it set off included',
              [ 'of the commands', 'within' ],
              Object.keys(names).map(
                  (name) => [names[name], key('performance.command_ns.' + name,
                                              nanoseconds(number(figures.command_ns[name])))]),
              1);
    }

    again() {
        const summary = this.summary;
        table(byId('identity'), 'What identifies this run', [ '', '' ],
              [
                  [ 'scenario', {text : summary.scenario, key : 'scenario'} ],
                  [ 'policy of closing', {text : summary.policy, key : 'policy'} ],
                  [ 'seed', {text : String(summary.seed), key : 'seed'} ],
                  [ 'scale', {text : '1/' + count(this.scale), key : 'scale'} ],
                  [ 'state hash', {text : summary.state_hash, key : 'state_hash'} ],
                  [ 'books balance', {text : summary.conserved ? 'yes' : 'no', key : 'conserved'} ]
              ],
              2);
        const files = this.data.files;
        const scenario = files['scenario.yaml'] ? 'scenario.yaml'
                         : files.scenario       ? 'scenario'
                                                : null;
        const venue = files['venue.yaml'] ? 'venue.yaml' : files.venue ? 'venue' : null;
        const add = (what, command) =>
            byId('commands')
                .append(element('p', {text : what}),
                        element('pre', {tabindex : '0'}, element('code', {text : command})));
        // The text is for a person to copy: nothing of the summary may act in a shell.
        const safe = (word) => /^[A-Za-z0-9_.:\/-]+$/.test(word)
                                   ? word
                                   : "'" + String(word).replace(/'/g, "'\\''") + "'";
        add('The same run from its scenario' + (scenario ? ', within this folder:' : ':'),
            'weir run ' + (scenario || safe('scenarios/' + summary.scenario + '.yaml')) +
                ' --seed ' + safe(summary.seed));
        if (files['commands.weir'] && venue) {
            add('Its recorded commands through the engine again, which must end ' +
                    'with the same state hash:',
                'weir replay commands.weir --venue ' + venue + ' --events none');
            const account = this.data.liquidations.top.length > 0
                                ? this.data.liquidations.top[0].account
                                : null;
            if (account !== null) {
                add('Why the largest one was liquidated, number by number:',
                    'weir explain commands.weir --venue ' + venue + ' --account ' + safe(account));
            }
        }
        add('This page again, from the folder\u2019s files:', 'weir report .');
    }

    figures() {
        byId('figures-text').textContent =
            this.scale === 1
                ? 'This run simulates the market at its real size: both are the same.'
                : 'Simulating every trader of a market of billions is not needed to see how it ' +
                      'breaks. Open ' +
                      'interest, depth, flow, the fund and the accounts together are 1/' +
                      count(this.scale) +
                      ' of the real ones here; prices and rates are not scaled. ' +
                      'Amounts are multiplied by ' + count(this.scale) +
                      ' for this page; the CSV files beside it hold them as simulated.';
        const rows = [];
        const isMoney =
            new RegExp('^(liquidations\\.(peak_hour\\.)?(notional|by_market|by_stage)|insurance|' +
                       'adl\\.(notional|haircut|least_haircut)|shortfall|socialised|' +
                       'by_asset)');
        const walk = (value, path) => {
            if (value !== null && typeof value === 'object') {
                for (const key in value)
                    walk(value[key], path.concat(key));
                return;
            }
            const name = path.join('.');
            const simulated = isMoney.test(name) && isFinite(number(value))
                                  ? this.simulated(path, number(value))
                                  : '';
            rows.push(
                [ name, {text : value === null ? 'null' : String(value), key : name}, simulated ]);
        };
        for (const key in this.summary)
            walk(this.summary[key], [ key ]);
        table(byId('figure-table'), 'As written in the file', [ 'key', 'value', 'as simulated' ],
              rows, 1);
    }

    // The unscaled figure: the run's own where it stands under `simulated`, else divided.
    simulated(path, value) {
        if (path.includes('simulated')) return '';
        for (let depth = 0; depth < path.length; depth++) {
            let at = path.slice(0, depth).reduce((node, key) => node && node[key], this.summary);
            at = at && typeof at === 'object' ? at.simulated : undefined;
            for (const key of path.slice(depth))
                at = at && typeof at === 'object' ? at[key] : undefined;
            if (at !== undefined && at !== null && typeof at !== 'object') return String(at);
        }
        return decimals(value / this.scale, 6);
    }

    show() {
        this.head();
        this.waterfall();
        this.fundText();
        if (this.data.series.samples > 0) {
            this.charts = new Charts(this.data, this.scale);
            this.charts.controls();
            this.charts.drawAll();
        } else {
            byId('range-controls').replaceChildren(element('p', {
                class : 'note',
                text : 'series.csv has no samples: there is nothing to chart.'
            }));
        }
        this.splits();
        this.keepingUp();
        this.largest();
        this.markets();
        this.engine();
        this.again();
        this.figures();
        byId('footer').textContent =
            'One file: it asks for nothing from the network. Amounts are in the ' +
            'market\u2019s quote currency, shown as $. A simulation says what ' +
            'would follow from its ' +
            'assumptions; one seed proves nothing.';
    }
}

new Page(JSON.parse(byId('data').textContent)).show();
