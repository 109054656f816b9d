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
    const POPUPS = "notify"; // a choice does not grow old
    const RANKS = ["ringing", "running", "note", "missed"];
    const shown = new Map(); // cards by id
    let etag = "", csrf = "", me = "";
    let clock = 0; // the server's minus ours, ms
    let timer = 0, failures = 0, usual = 2, asking = null, again = false, stopped = false;
    let busyAt = performance.now();
    let announced = "";

    /* --- the elements ------------------------------------------------------------------ */

    const desk = {
        words: {},
        links: {},
        seenUrl: given.seen,
        now: () => Date.now() + clock, // the server's time, ms
        forget: (id) => shown.delete(id),
        tellOthers: () => others?.postMessage("look"),
        say: (text) => say(polite, text),
        keep, kept, noteKey, hiddenKey, send, done, arrange,
    };
    const { Card, Missed, make } = window.djangoMangoCards(desk);

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
            const isFresh = found && (key === POPUPS || Date.now() - found.at < KEPT_MS);
            return isFresh ? found.value : null;
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

    function noteKey(id) {
        return `note.${me}.${id}`;
    }

    function hiddenKey(id) {
        return `hidden.${me}.${id}`;
    }

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
            await take(await asking); // no JSON at all is a failure too
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
            const isFinal = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
            if (answer.type === "opaqueredirect" || isFinal) {
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
            show({ running: [], ringing: [], missed: [] }); // we do not know any more
            etag = "";
        }
        timer = setTimeout(ask, Math.min(REST_S, (usual || 2) * 2 ** failures) * 1000);
    }

    function stop() {
        stopped = true;
        clearTimeout(timer);
        show({ running: [], ringing: [], missed: [] });
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
    others?.addEventListener("message", () => {
        arrange();
        ask();
    });

    function done() {
        desk.tellOthers();
        ask();
    }

    /* --- all of it --------------------------------------------------------------------- */

    function show(data) {
        const before = new Set(shown.keys());
        me = data.me || me;
        desk.words = data.words || desk.words;
        desk.links = data.links || desk.links;
        strip.setAttribute("aria-label", desk.words.telephony || "");
        for (const one of data.ringing) {
            update(one, "ringing", before);
        }
        for (const one of data.running) {
            update(one, "running", before);
        }
        if (data.missed.length) {
            const all = { id: "missed", who: desk.words.missed, direction: "", calls: data.missed };
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
        put(card);
    }

    /* What is urgent on top; an element that moved would lose its focus, so none does. */
    function put(card) {
        if (!card.element.isConnected) {
            const later = [...shown.values()].find((one) =>
                one.element.isConnected && RANKS.indexOf(one.kind) > RANKS.indexOf(card.kind));
            strip.insertBefore(card.element, later ? later.element : null);
        }
    }

    /* Notes begun on another page, or before a reload. */
    function openDrafts() {
        for (const key of me ? keptKeys(`note.${me}.`) : []) {
            const draft = kept(key);
            const id = key.slice(noteKey("").length);
            if (!draft) {
                continue; // too old
            }
            if (shown.has(id)) {
                shown.get(id).openNote(false);
            } else {
                const card = new Card(id, "note");
                card.data = { ...draft, id, note: { url: draft.note_url, text: "", version: "" } };
                shown.set(id, card);
                card.openNote(false);
                card.end();
                put(card);
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
        root.classList.toggle("mango-strip-open", Boolean(visible));
        tick();
    }

    function announce(data) {
        const ringing = data.ringing.map((one) => `${desk.words.incoming}: ${one.who} ${one.number}`);
        const running = data.running.map((one) => `${one.who}: ${one.words}. ${one.hint}`);
        const news = [...ringing, ...running].join(". ");
        if (news === announced || data.mode !== "on") {
            return;
        }
        say(ringing.length ? urgent : polite, news);
        announced = news;
        if (ringing.length && !document.hasFocus() && kept(POPUPS) && "Notification" in window) {
            try {
                const popup = new Notification(desk.words.incoming, {
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
        button.setAttribute("aria-pressed", String(Boolean(kept(POPUPS))));
        button.addEventListener("click", async () => {
            const wanted = !kept(POPUPS) && await Notification.requestPermission() === "granted";
            keep(POPUPS, wanted || null);
            button.setAttribute("aria-pressed", String(wanted));
        });
    }

    document.addEventListener("visibilitychange", () => {
        clearTimeout(timer);
        ask();
        tick();
    });
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
    keptKeys("").forEach((key) => kept(key) ?? keep(key, null)); // what has grown old
    ask();
})();
