/* The strip of running calls and the cards of incoming ones.

   Everything comes from the server, every few seconds and at once after something was done:
   what is on the page survives navigation, reload and a second tab because nothing of it
   lives here. Only a note that is not saved yet is kept in this browser. A hidden tab asks
   nothing. Words come with the answers, in the language of the page. */
(() => {
    "use strict";

    const root = document.documentElement;
    const given = document.currentScript.dataset;
    if (root.classList.contains("mango-strip-here")) {
        return; // included twice
    }
    root.classList.add("mango-strip-here");

    const LONGEST_MS = 15000; // one question
    const REST_S = 60; // at most, when nobody answers
    const KEPT_MS = 24 * 3600 * 1000; // an unsaved note
    const shown = new Map(); // cards by id
    let etag = "", csrf = "", words = {}, me = "";
    let clock = 0; // the server's minus ours, ms
    let timer = 0, failures = 0, usual = 2, asking = null, again = false, stopped = false;
    let busyAt = performance.now();
    let announced = "";

    /* --- the elements ------------------------------------------------------------------ */

    function make(name, className = "", text = "") {
        const element = document.createElement(name);
        element.className = className;
        element.textContent = text;
        return element;
    }

    function makeButton(text, className, act) {
        const button = make("button", `mango-strip__button ${className}`, text);
        button.type = "button";
        button.addEventListener("click", act);
        return button;
    }

    function makeLink(text, url, className = "mango-strip__link") {
        const link = make("a", className, text);
        link.href = url;
        return link;
    }

    /* Live regions have to be there before they say something, and hold nothing but words. */
    const strip = make("section", "mango-strip");
    const polite = make("div", "mango-strip__voice");
    polite.setAttribute("role", "status");
    polite.setAttribute("aria-live", "polite");
    const urgent = make("div", "mango-strip__voice");
    urgent.setAttribute("role", "alert");
    urgent.setAttribute("aria-live", "assertive");
    strip.hidden = true;
    document.body.append(strip, polite, urgent);

    /* --- what this browser keeps ------------------------------------------------------- */

    function keep(key, value) {
        try {
            if (value === null) {
                localStorage.removeItem(`mango.${key}`);
            } else {
                localStorage.setItem(`mango.${key}`, JSON.stringify({ value, at: Date.now() }));
            }
        } catch { /* storage is switched off: notes live as long as the page */ }
    }

    function kept(key) {
        try {
            const found = JSON.parse(localStorage.getItem(`mango.${key}`));
            return found && Date.now() - found.at < KEPT_MS ? found.value : null;
        } catch {
            return null;
        }
    }

    function keptKeys(prefix) {
        try {
            return Object.keys(localStorage).filter((key) => key.startsWith(`mango.${prefix}`))
                .map((key) => key.slice("mango.".length));
        } catch {
            return [];
        }
    }

    const noteKey = (id) => `note.${me}.${id}`;
    const hiddenKey = (id) => `hidden.${me}.${id}`;

    /* --- asking and telling the server ------------------------------------------------- */

    async function fetched(url, options) {
        const stop = new AbortController();
        const limit = setTimeout(() => stop.abort(), LONGEST_MS);
        try {
            return await fetch(url, {
                credentials: "same-origin",
                cache: "no-store",
                redirect: "manual", // to a login: there is nothing for us
                signal: stop.signal,
                ...options,
            });
        } finally {
            clearTimeout(limit);
        }
    }

    function question() {
        const query = new URLSearchParams({ language: root.lang || "" });
        query.set("idle", Math.round((performance.now() - busyAt) / 1000));
        if (given.site) {
            query.set("site", given.site);
        }
        const headers = { Accept: "application/json" };
        if (etag) {
            headers["If-None-Match"] = etag;
        }
        return fetched(`${given.endpoint}?${query}`, { headers });
    }

    async function ask() {
        clearTimeout(timer);
        if (stopped || document.hidden) {
            return;
        }
        if (asking) {
            again = true;
            return;
        }
        asking = question();
        try {
            take(await asking);
        } catch {
            fail();
        } finally {
            asking = null;
        }
        if (again) {
            again = false;
            ask();
        }
    }

    async function take(answer) {
        if (answer.status !== 200 && answer.status !== 304) {
            if (answer.type === "opaqueredirect" || (answer.status >= 400 && answer.status < 500)) {
                stop(); // logged out, no right, switched off: not a word about it
            } else {
                fail();
            }
            return;
        }
        failures = 0;
        usual = Number(answer.headers.get("X-Mango-Poll"));
        clock = Number(answer.headers.get("X-Mango-Now")) * 1000 - Date.now();
        if (answer.status === 200) {
            etag = answer.headers.get("ETag") || "";
            show(await answer.json());
        }
        if (usual > 0) {
            timer = setTimeout(ask, usual * 1000);
        } else {
            stop();
        }
    }

    function fail() {
        failures += 1;
        if (failures > 3) {
            show({ running: [], ringing: [], missed: [], words, me }); // we do not know any more
            etag = "";
        }
        timer = setTimeout(ask, Math.min(REST_S, (usual || 2) * 2 ** failures) * 1000);
    }

    function stop() {
        stopped = true;
        clearTimeout(timer);
        show({ running: [], ringing: [], missed: [], words, me });
    }

    async function send(url, values, fresh = false) {
        if (fresh || !csrf) {
            const answer = await fetched(given.csrf, { headers: { Accept: "application/json" } });
            csrf = answer.ok ? (await answer.json()).csrf : "";
        }
        const form = new URLSearchParams({ ...values, language: root.lang || "" });
        const answer = await fetched(url, {
            method: "POST",
            headers: { Accept: "application/json", "X-CSRFToken": csrf },
            body: form,
        });
        const said = await answer.json();
        if (answer.status === 403 && said.code === "csrf" && !fresh) {
            return send(url, values, true);
        }
        return { ok: answer.ok, ...said };
    }

    /* Other windows that are in sight learn at once what was done here. */
    const others = "BroadcastChannel" in window ? new BroadcastChannel("mango-strip") : null;
    if (others) {
        others.addEventListener("message", ask);
    }

    function done() {
        if (others) {
            others.postMessage("look");
        }
        ask();
    }

    /* --- cards ------------------------------------------------------------------------- */

    class Card {
        constructor(id, kind) {
            this.id = id;
            this.kind = kind;
            this.element = make("article", `mango-strip__card mango-strip__card--${kind}`);
            this.head = make("div", "mango-strip__head");
            this.body = make("div", "mango-strip__body");
            this.said = make("p", "mango-strip__said");
            this.buttons = make("div", "mango-strip__buttons");
            this.element.append(this.head, this.body, this.said, this.buttons);
            this.element.addEventListener("keydown", (event) => {
                if (event.key === "Escape" && this.kind !== "note") {
                    this.hide();
                }
            });
            this.note = null;
            this.last = "";
        }

        /* Nothing that has not changed is built anew: focus and texts stay where they are. */
        show(data) {
            this.data = data;
            const now = JSON.stringify(data);
            if (now === this.last) {
                return;
            }
            this.last = now;
            const focused = this.element.contains(document.activeElement)
                && document.activeElement.dataset.act;
            this.element.setAttribute("aria-label", `${data.direction}: ${data.who}`);
            this.fill(data);
            if (focused) {
                this.element.querySelector(`[data-act="${focused}"]`)?.focus();
            }
        }

        fill(data) {
            this.head.replaceChildren(make("span", "mango-strip__what", this.title()), this.who(data));
            if (data.number) {
                this.head.append(make("span", "mango-strip__number", data.number));
            }
            this.time = make("span", "mango-strip__time");
            this.time.setAttribute("role", "timer");
            this.time.setAttribute("aria-live", "off");
            const step = make("p", "mango-strip__step", data.words);
            step.append(" ", this.time);
            this.body.replaceChildren(step);
            if (data.hint) {
                this.body.append(make("p", "mango-strip__hint", data.hint));
            }
            const lines = [[words.line, data.line], ...(data.facts || [])];
            if (data.last) {
                lines.push([words.last, data.last.words], [words.note, data.last.note]);
            }
            this.body.append(this.facts(lines));
            for (const form of data.create || []) {
                this.body.append(makeLink(form.name, form.url));
            }
            this.buttons.replaceChildren(...this.actions(data));
            this.tick();
        }

        title() {
            return this.kind === "ringing" ? words.incoming : this.data.direction;
        }

        who(data) {
            const who = make("strong", "mango-strip__who");
            const known = data.clients.filter((client) => client.url);
            if (!known.length) {
                who.textContent = data.who;
            }
            known.forEach((client, place) => {
                const link = makeLink(client.name, client.url);
                link.title = client.kind;
                who.append(...(place ? [", ", link] : [link]));
            });
            return who;
        }

        facts(lines) {
            const list = make("dl", "mango-strip__facts");
            for (const [title, text] of lines) {
                if (text) {
                    list.append(make("dt", "", title), make("dd", "", text));
                }
            }
            list.hidden = !list.children.length;
            return list;
        }

        actions(data) {
            const all = [];
            if (data.hang_up) {
                all.push(this.action("hang-up", words.hang_up, (event) => this.hangUp(event.target),
                    "mango-strip__button--danger"));
            }
            if (data.note) {
                const label = data.note.text ? `${words.note} \u2022` : words.note;
                all.push(this.action("note", label, () => this.openNote(true)));
            }
            const open = data.clients.find((client) => client.url);
            const url = open ? open.url : data.url;
            if (url) {
                const link = makeLink(open ? words.open : words.call, url,
                    "mango-strip__button mango-strip__open");
                link.dataset.act = "open";
                all.push(link);
            }
            if (links.settings && this.kind !== "missed") {
                const link = makeLink("\u2699\ufe0e", links.settings, "mango-strip__link");
                link.title = words.settings;
                link.setAttribute("aria-label", words.settings);
                link.dataset.act = "settings";
                all.push(link);
            }
            all.push(this.action("hide", words.hide, () => this.hide()));
            return all;
        }

        action(name, label, act, className = "") {
            const button = makeButton(label, className, act);
            button.dataset.act = name;
            return button;
        }

        tick() {
            if (this.data.since && this.time) {
                this.time.textContent = duration(Date.now() + clock - this.data.since * 1000);
            }
        }

        tell(text) {
            this.said.textContent = text;
            say(polite, text);
        }

        /* A running call becomes small, a ringing one is out of sight; in all windows. */
        hide() {
            keep(hiddenKey(this.id), kept(hiddenKey(this.id)) ? null : 1);
            arrange();
            others?.postMessage("look");
        }

        fold(folded) {
            this.element.classList.toggle("mango-strip__card--small", folded);
            const button = this.element.querySelector('[data-act="hide"]');
            if (button) {
                button.textContent = folded ? words.show : words.hide;
                button.setAttribute("aria-expanded", String(!folded));
            }
        }

        become(kind) {
            this.element.classList.replace(
                `mango-strip__card--${this.kind}`, `mango-strip__card--${kind}`);
            this.kind = kind;
            this.last = "";
        }

        /* The call is over, its note is not saved yet. */
        end() {
            this.become("note");
            this.data.words = words.ended;
            this.data.since = 0;
            this.element.setAttribute("aria-label", `${words.note_of}: ${this.data.who}`);
            const step = make("p", "mango-strip__step", words.ended);
            this.head.replaceChildren(make("span", "mango-strip__what", words.note_of), this.who(this.data));
            this.body.replaceChildren(step);
            this.buttons.replaceChildren();
            this.said.textContent = "";
        }

        async hangUp(button) {
            button.disabled = true;
            button.textContent = words.hanging_up;
            try {
                const said = await send(this.data.hang_up, {});
                this.tell(said.text);
                this.last = said.ok ? this.last : ""; // else the button may be pressed again
            } catch {
                this.last = "";
                this.tell(words.lost);
            }
            done();
        }

        openNote(focus) {
            if (!this.note) {
                this.note = new Note(this);
                this.element.append(this.note.element);
            }
            if (focus) {
                this.note.field.focus();
            }
        }
    }

    class Missed extends Card {
        title() {
            return words.missed;
        }

        fill(data) {
            this.head.replaceChildren(make("strong", "mango-strip__who", this.title()));
            const list = make("ul", "mango-strip__list");
            for (const call of data.calls) {
                const row = make("li");
                const name = call.number ? `${call.who}, ${call.number}` : call.who;
                const text = call.url ? makeLink(name, call.url) : make("span", "", name);
                row.append(text, " ", make("span", "mango-strip__when", call.when));
                if (call.dial && root.classList.contains("mango-live")) {
                    const dial = makeButton(words.call_back, "", () => {}); // by the call script
                    dial.dataset.mangoNumber = call.dial;
                    dial.title = `${words.call_back}: ${call.who}`;
                    row.append(dial);
                }
                list.append(row);
            }
            this.body.replaceChildren(list);
            this.buttons.replaceChildren(this.action("seen", words.seen, () => this.hide()));
        }

        tick() {}

        async hide() {
            const until = Math.max(...this.data.calls.map((call) => call.at));
            keep(hiddenKey("missed"), until);
            arrange(); // at once, even where another process answers a little later
            try {
                await send(given.seen, { until });
            } finally {
                done();
            }
        }
    }

    class Note {
        constructor(card) {
            this.card = card;
            this.url = card.data.note.url;
            const draft = kept(noteKey(card.id));
            this.version = draft ? draft.version : card.data.note.version;
            this.element = make("form", "mango-strip__note");
            const label = make("label", "", words.note_of);
            this.field = make("textarea");
            this.field.rows = 3;
            this.field.maxLength = 10000;
            this.field.value = draft ? draft.text : card.data.note.text;
            this.before = draft ? null : this.field.value;
            label.append(this.field);
            const save = make("button", "mango-strip__button mango-strip__button--main", words.save);
            save.type = "submit";
            const close = makeButton(words.close, "", () => this.close());
            const buttons = make("div", "mango-strip__buttons");
            buttons.append(save, close);
            this.state = make("span", "mango-strip__said", draft ? words.leave : "");
            this.element.append(label, buttons, this.state);
            this.element.addEventListener("submit", (event) => {
                event.preventDefault();
                this.save();
            });
            this.field.addEventListener("input", () => this.remember());
            this.field.addEventListener("keydown", (event) => {
                event.stopPropagation(); // the host's shortcuts are not for this field
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                    this.save();
                }
            });
        }

        remember() {
            const { who, direction, clients, url } = this.card.data;
            keep(noteKey(this.card.id), {
                text: this.field.value, version: this.version, note_url: this.url,
                who, direction, clients, url,
            });
            this.state.textContent = words.leave;
        }

        async save() {
            try {
                const said = await send(this.url, { note: this.field.value, version: this.version });
                if (said.code === "note_changed") {
                    this.version = said.version;
                    this.field.value = `${said.note}\n\n${this.field.value}`;
                    this.remember();
                    this.say(words.theirs);
                } else if (said.ok) {
                    this.version = said.version;
                    this.forget();
                    say(polite, said.text);
                    this.card.said.textContent = said.text;
                    this.remove();
                    done();
                } else {
                    this.say(said.text);
                }
            } catch {
                this.say(words.lost);
            }
        }

        say(text) {
            this.state.textContent = text;
            say(polite, text);
        }

        isDirty() {
            return kept(noteKey(this.card.id)) !== null || this.field.value !== this.before;
        }

        /* Another window goes on with the same note, or has saved it. */
        follow(draft) {
            if (draft === null) {
                this.remove();
            } else if (document.activeElement !== this.field) {
                this.field.value = draft.text;
                this.version = draft.version;
            }
        }

        forget() {
            keep(noteKey(this.card.id), null);
            this.before = this.field.value;
        }

        close() {
            this.forget();
            this.remove();
            this.card.element.querySelector('[data-act="note"]')?.focus();
        }

        remove() {
            this.element.remove();
            this.card.note = null;
            if (this.card.kind === "note") {
                this.card.element.remove();
                shown.delete(this.card.id);
            }
            arrange();
        }
    }

    /* --- all of it --------------------------------------------------------------------- */

    let links = {};

    function show(data) {
        const before = new Set(shown.keys());
        me = data.me || me;
        words = data.words || words;
        links = data.links || links;
        strip.setAttribute("aria-label", words.telephony || "");
        for (const one of data.ringing) {
            update(one, "ringing", before);
        }
        for (const one of data.running) {
            update(one, "running", before);
        }
        if (data.missed.length) {
            const all = { id: "missed", who: words.missed, direction: "", calls: data.missed };
            update(all, "missed", before);
        }
        for (const id of before) {
            const card = shown.get(id);
            if (card.note && card.note.isDirty()) {
                card.end();
            } else if (card.kind !== "note") {
                card.element.remove();
                shown.delete(id);
            }
        }
        openDrafts();
        if (data.ringing.length || data.running.length) {
            busyAt = performance.now();
        }
        announce(data);
        arrange();
    }

    function update(data, kind, before) {
        before.delete(data.id);
        let card = shown.get(data.id);
        if (card && card.kind !== kind) { // it rang, now it is talked on: the note stays open
            card.become(kind);
        } else if (!card) {
            card = kind === "missed" ? new Missed(data.id, kind) : new Card(data.id, kind);
            shown.set(data.id, card);
        }
        card.show(data);
        // Incoming calls on top; an element that moves would lose its focus.
        if (!card.element.isConnected) {
            strip[kind === "ringing" ? "prepend" : "append"](card.element);
        }
    }

    /* Notes begun on another page, or before a reload. */
    function openDrafts() {
        for (const key of me ? keptKeys(`note.${me}.`) : []) {
            const draft = kept(key);
            const id = key.slice(noteKey("").length);
            if (!draft) {
                keep(key, null); // too old
            } else if (shown.has(id)) {
                shown.get(id).openNote(false);
            } else {
                const card = new Card(id, "note");
                card.data = { ...draft, id, note: { url: draft.note_url, text: "", version: "" } };
                shown.set(id, card);
                card.openNote(false);
                card.end();
                strip.append(card.element);
            }
        }
    }

    function arrange() {
        let visible = 0;
        for (const card of shown.values()) {
            const hidden = card.kind === "note" ? null : kept(hiddenKey(card.id));
            const seen = card.kind === "missed" && card.data.calls.every((one) => one.at <= hidden);
            card.element.hidden = card.kind === "ringing" ? Boolean(hidden) : seen;
            card.fold(card.kind === "running" && Boolean(hidden));
            visible += card.element.hidden ? 0 : 1;
        }
        strip.hidden = !visible;
        tick();
    }

    function announce(data) {
        const ringing = data.ringing.map((one) => `${words.incoming}: ${one.who} ${one.number}`);
        const running = data.running.map((one) => `${one.who}: ${one.words}. ${one.hint}`);
        const news = [...ringing, ...running].join(". ");
        if (news === announced || data.mode !== "on") {
            return;
        }
        say(ringing.length ? urgent : polite, news);
        announced = news;
        if (ringing.length && !document.hasFocus() && kept("notify") && "Notification" in window) {
            try {
                const popup = new Notification(words.incoming, {
                    body: data.ringing.map((one) => `${one.who} ${one.number}`).join("\n"),
                    tag: data.ringing[0].id,
                });
                popup.addEventListener("click", () => window.focus());
            } catch { /* this browser has them for service workers only */ }
        }
    }

    function say(region, text) {
        region.textContent = "";
        region.textContent = text;
    }

    function duration(ms) {
        const all = Math.max(0, Math.floor(ms / 1000));
        const two = (number) => String(number).padStart(2, "0");
        const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
        return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
    }

    let ticking = 0;

    function tick() {
        clearTimeout(ticking);
        if (strip.hidden || document.hidden) {
            return;
        }
        shown.forEach((card) => card.tick());
        ticking = setTimeout(tick, 1000 - ((Date.now() + clock) % 1000));
    }

    /* The switch on the page "My telephony": asking the browser needs a click of the person. */
    function offerPopups(button) {
        if (!("Notification" in window) || Notification.permission === "denied") {
            return;
        }
        button.hidden = false;
        button.setAttribute("aria-pressed", String(Boolean(kept("notify"))));
        button.addEventListener("click", async () => {
            const wanted = !kept("notify") && await Notification.requestPermission() === "granted";
            keep("notify", wanted || null);
            button.setAttribute("aria-pressed", String(wanted));
        });
    }

    document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
    document.addEventListener("mango:call", () => {
        busyAt = performance.now();
        ask();
    });
    window.addEventListener("pageshow", (event) => event.persisted && ask());
    window.addEventListener("storage", (event) => {
        const card = [...shown.values()].find((one) => event.key === `mango.${noteKey(one.id)}`);
        card?.note?.follow(kept(noteKey(card.id)));
        arrange();
    });
    document.querySelectorAll("[data-mango-notify]").forEach(offerPopups);
    ask();
})();
