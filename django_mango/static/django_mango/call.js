/* Call controls: a click on a button calls, without leaving the page.

   Nothing is found by its place on a page, so that any theme, and anything inserted later,
   works: buttons carry data-mango-click (sealed by the server) or data-mango-number. What
   the script may have to say by itself stands in the attributes of its own tag. */
(() => {
    "use strict";

    const root = document.documentElement;
    const given = document.currentScript.dataset;
    if (root.classList.contains("mango-live")) {
        return; // included twice
    }
    root.classList.add("mango-live"); // the style sheet shows buttons in place of links

    const SHOWN_MS = 15000;
    let csrf = null;
    let hiding = 0;

    /* A live region has to be there before it says something. */
    const region = document.createElement("div");
    region.className = "mango-told";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);

    function tell(text, level = "success") {
        const line = document.createElement("p");
        line.className = `mango-told__line mango-told__line--${level}`;
        const words = document.createElement("span");
        words.textContent = text;
        const close = document.createElement("button");
        close.type = "button";
        close.className = "mango-told__close";
        close.setAttribute("aria-label", given.close);
        close.textContent = "\u00d7";
        close.addEventListener("click", () => line.remove());
        line.append(words, close);
        region.replaceChildren(line);
        clearTimeout(hiding);
        if (level === "success") {
            hiding = setTimeout(() => line.remove(), SHOWN_MS);
        }
    }

    function ask(text, yes, no) {
        return new Promise((resolve) => {
            const dialog = document.createElement("dialog");
            dialog.className = "mango-ask";
            dialog.setAttribute("aria-labelledby", "mango-ask-text");
            const question = document.createElement("p");
            question.id = "mango-ask-text";
            question.textContent = text;
            const buttons = document.createElement("div");
            buttons.className = "mango-ask__buttons";
            for (const [label, value] of [[no, ""], [yes, "yes"]]) {
                const button = document.createElement("button");
                button.type = "button";
                button.textContent = label;
                button.className = value ? "mango-button" : "mango-button mango-button--plain";
                button.autofocus = !value;
                button.addEventListener("click", () => dialog.close(value));
                buttons.append(button);
            }
            dialog.append(question, buttons);
            dialog.addEventListener("close", () => {
                const answer = dialog.returnValue === "yes";
                dialog.remove();
                resolve(answer);
            });
            document.body.append(dialog);
            dialog.showModal();
        });
    }

    /* From the page where it has one, else from the server: the cookie may be out of reach. */
    async function csrfToken(fresh = false) {
        if (!fresh) {
            const field = document.querySelector("input[name=csrfmiddlewaretoken]");
            csrf = csrf || (field && field.value);
        }
        if (fresh || !csrf) {
            const answer = await fetch(given.csrf, {
                headers: { Accept: "application/json" },
                credentials: "same-origin",
                cache: "no-store",
            });
            csrf = answer.ok ? (await answer.json()).csrf : "";
        }
        return csrf;
    }

    async function send(form, fresh = false) {
        form.set("csrfmiddlewaretoken", await csrfToken(fresh));
        const answer = await fetch(given.endpoint, {
            method: "POST",
            headers: { Accept: "application/json" },
            credentials: "same-origin",
            redirect: "manual", // to a login: nothing was done
            body: form,
        });
        const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
        const said = isJson ? await answer.json() : null;
        if (answer.status === 403 && !fresh && (said === null || said.code === "csrf")) {
            return send(form, true); // refused before anything was done
        }
        return { status: answer.status, said };
    }

    /* Unguessable and unique; crypto.randomUUID is missing on plain http. */
    function newToken() {
        const bytes = crypto.getRandomValues(new Uint8Array(16));
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }

    function formOf(button) {
        const form = new URLSearchParams();
        const { mangoClick, mangoNumber } = button.dataset;
        form.set(mangoClick ? "click" : "number", mangoClick || mangoNumber);
        // Kept while no answer came: the same click sent twice is one call.
        button.dataset.mangoToken = button.dataset.mangoToken || newToken();
        form.set("token", button.dataset.mangoToken);
        form.set("language", root.lang);
        return form;
    }

    async function place(button) {
        const form = formOf(button);
        let { status, said } = await send(form);
        if (status === 409 && said && said.question) {
            if (!(await ask(said.text, said.yes, said.no))) {
                delete button.dataset.mangoToken;
                return;
            }
            form.set("asked", "1");
            ({ status, said } = await send(form));
        }
        if (status < 500) {
            delete button.dataset.mangoToken;
        }
        if (said === null || !said.text) {
            tell(status < 500 ? given.stale : given.lost, "error");
            return;
        }
        tell(said.text, said.level || "error");
        document.dispatchEvent(new CustomEvent("mango:call", { detail: said }));
    }

    async function click(button) {
        if (button.getAttribute("aria-disabled") === "true") {
            if (!button.hasAttribute("aria-busy")) {
                tell(button.title, "warning");
            }
            return;
        }
        const words = button.querySelector(".mango-call__text");
        const before = words ? words.textContent : "";
        button.setAttribute("aria-disabled", "true");
        button.setAttribute("aria-busy", "true");
        if (words) {
            words.textContent = given.calling;
        }
        try {
            await place(button);
        } catch {
            tell(given.lost, "error");
        } finally {
            button.removeAttribute("aria-disabled");
            button.removeAttribute("aria-busy");
            if (words) {
                words.textContent = before;
            }
        }
    }

    /* Its words are the button's own title: nothing new for a screen reader. */
    const hint = document.createElement("div");
    hint.className = "mango-hint";
    hint.hidden = true;
    hint.setAttribute("aria-hidden", "true");
    document.body.append(hint);

    function showHint(element) {
        hint.textContent = element.title;
        hint.hidden = false;
        const { left, bottom, top } = element.getBoundingClientRect();
        const room = root.clientWidth - hint.offsetWidth - 8;
        const below = bottom + 8;
        const fits = below + hint.offsetHeight < root.clientHeight;
        hint.style.left = `${Math.max(8, Math.min(left, room))}px`;
        hint.style.top = `${fits ? below : top - hint.offsetHeight - 8}px`;
    }

    function hideHint() {
        hint.hidden = true;
    }

    document.addEventListener("focusin", (event) => {
        const element = event.target.closest(".mango-call[title]");
        if (element && element.matches(":focus-visible")) {
            showHint(element);
        } else {
            hideHint();
        }
    });
    document.addEventListener("focusout", hideHint);
    document.addEventListener("scroll", hideHint, { capture: true, passive: true });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            hideHint();
        }
    });

    document.addEventListener("click", (event) => {
        const button = event.target.closest(
            "button[data-mango-click], button[data-mango-number], button.mango-call--off",
        );
        if (button) {
            event.preventDefault();
            click(button);
        }
    });
})();
