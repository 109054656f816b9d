/* The cards of the strip: a running call, a ringing one, missed ones, a note not saved yet.

   They show what the server said and offer what it allows; asking the server, and which cards
   there are, is the matter of strip.js, which hands itself over as the desk they lie on. */
(() => {
    "use strict";

    let desk = null;

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

    function duration(ms) {
        const all = Math.max(0, Math.floor(ms / 1000));
        const two = (number) => String(number).padStart(2, "0");
        const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
        return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
    }

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
            const lines = [[desk.words.line, data.line], ...(data.facts || [])];
            if (data.last) {
                lines.push([desk.words.last, data.last.words], [desk.words.note, data.last.note]);
            }
            this.body.append(this.facts(lines));
            for (const form of data.create || []) {
                this.body.append(makeLink(form.name, form.url));
            }
            this.buttons.replaceChildren(...this.actions(data));
            this.tick();
        }

        title() {
            return this.kind === "ringing" ? desk.words.incoming : this.data.direction;
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
                all.push(this.action("hang-up", desk.words.hang_up, (event) => this.hangUp(event.target),
                    "mango-strip__button--danger"));
            }
            if (data.note) {
                const label = data.note.text ? `${desk.words.note} \u2022` : desk.words.note;
                all.push(this.action("note", label, () => this.openNote(true)));
            }
            const open = data.clients.find((client) => client.url);
            const url = open ? open.url : data.url;
            if (url) {
                const link = makeLink(open ? desk.words.open : desk.words.call, url,
                    "mango-strip__button mango-strip__open");
                link.dataset.act = "open";
                all.push(link);
            }
            if (desk.links.settings && this.kind !== "missed") {
                const link = makeLink("\u2699\ufe0e", desk.links.settings, "mango-strip__link");
                link.title = desk.words.settings;
                link.setAttribute("aria-label", desk.words.settings);
                link.dataset.act = "settings";
                all.push(link);
            }
            all.push(this.action("hide", desk.words.hide, () => this.hide()));
            return all;
        }

        action(name, label, act, className = "") {
            const button = makeButton(label, className, act);
            button.dataset.act = name;
            return button;
        }

        tick() {
            if (this.data.since && this.time) {
                this.time.textContent = duration(desk.now() - this.data.since * 1000);
            }
        }

        tell(text) {
            this.said.textContent = text;
            desk.say(text);
        }

        /* A running call becomes small, a ringing one is out of sight; in all windows. */
        hide() {
            desk.keep(desk.hiddenKey(this.id), desk.kept(desk.hiddenKey(this.id)) ? null : 1);
            desk.arrange();
            desk.tellOthers();
        }

        fold(folded) {
            this.element.classList.toggle("mango-strip__card--small", folded);
            const button = this.element.querySelector('[data-act="hide"]');
            if (button) {
                button.textContent = folded ? desk.words.show : desk.words.hide;
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
            this.data.words = desk.words.ended;
            this.data.since = 0;
            this.element.setAttribute("aria-label", `${desk.words.note_of}: ${this.data.who}`);
            const step = make("p", "mango-strip__step", desk.words.ended);
            this.head.replaceChildren(make("span", "mango-strip__what", desk.words.note_of), this.who(this.data));
            this.body.replaceChildren(step);
            this.buttons.replaceChildren();
            this.said.textContent = "";
        }

        async hangUp(button) {
            button.disabled = true;
            button.textContent = desk.words.hanging_up;
            let said = { ok: false, text: desk.words.lost };
            try {
                said = await desk.send(this.data.hang_up, {});
            } catch { /* no answer: the button may be pressed again */ }
            this.tell(said.text);
            if (!said.ok) {
                this.last = "";
                this.show(this.data);
            }
            desk.done();
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
            return desk.words.missed;
        }

        fill(data) {
            this.head.replaceChildren(make("strong", "mango-strip__who", this.title()));
            const list = make("ul", "mango-strip__list");
            for (const call of data.calls) {
                const row = make("li");
                const who = make("span");
                who.append(call.url ? makeLink(call.who, call.url) : make("span", "", call.who));
                who.append(" ", make("span", "mango-strip__number", call.number));
                row.append(who, make("span", "mango-strip__when", call.when));
                if (call.dial && document.documentElement.classList.contains("mango-live")) {
                    const dial = makeButton(desk.words.call_back, "", () => {}); // by the call script
                    dial.dataset.mangoNumber = call.dial;
                    dial.title = `${desk.words.call_back}: ${call.who}`;
                    row.append(dial);
                }
                list.append(row);
            }
            this.body.replaceChildren(list);
            this.buttons.replaceChildren(this.action("seen", desk.words.seen, () => this.hide()));
        }

        tick() {}

        async hide() {
            const until = Math.max(...this.data.calls.map((call) => call.at));
            desk.keep(desk.hiddenKey("missed"), until);
            desk.arrange(); // at once, even where another process answers a little later
            try {
                await desk.send(desk.seenUrl, { until });
            } finally {
                desk.done();
            }
        }
    }

    class Note {
        constructor(card) {
            this.card = card;
            this.url = card.data.note.url;
            const draft = desk.kept(desk.noteKey(card.id));
            this.version = draft ? draft.version : card.data.note.version;
            this.element = make("form", "mango-strip__note");
            const label = make("label", "", desk.words.note_of);
            this.field = make("textarea");
            this.field.rows = 3;
            this.field.maxLength = 10000;
            this.field.value = draft ? draft.text : card.data.note.text;
            this.before = draft ? null : this.field.value;
            label.append(this.field);
            const save = make("button", "mango-strip__button mango-strip__button--main", desk.words.save);
            save.type = "submit";
            const close = makeButton(desk.words.close, "", () => this.close());
            const buttons = make("div", "mango-strip__buttons");
            buttons.append(save, close);
            this.state = make("span", "mango-strip__said", draft ? desk.words.leave : "");
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
            desk.keep(desk.noteKey(this.card.id), {
                text: this.field.value, version: this.version, note_url: this.url,
                who, direction, clients, url,
            });
            this.state.textContent = desk.words.leave;
        }

        async save() {
            try {
                const said = await desk.send(this.url, { note: this.field.value, version: this.version });
                if (said.code === "note_changed") {
                    this.version = said.version;
                    this.field.value = `${said.note}\n\n${this.field.value}`;
                    this.remember();
                    this.say(desk.words.theirs);
                } else if (said.ok) {
                    this.version = said.version;
                    this.forget();
                    desk.say(said.text);
                    this.card.said.textContent = said.text;
                    this.remove();
                    desk.done();
                } else {
                    this.say(said.text);
                }
            } catch {
                this.say(desk.words.lost);
            }
        }

        say(text) {
            this.state.textContent = text;
            desk.say(text);
        }

        isDirty() {
            return desk.kept(desk.noteKey(this.card.id)) !== null || this.field.value !== this.before;
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
            desk.keep(desk.noteKey(this.card.id), null);
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
                desk.forget(this.card.id);
            }
            desk.arrange();
        }
    }

    window.djangoMangoCards = (given) => {
        desk = given;
        return { Card, Missed, make };
    };
})();
