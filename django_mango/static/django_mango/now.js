/* "Now talking" asks for itself again and takes over the table; a hidden tab asks nothing. */
(() => {
    "use strict";

    const table = document.getElementById("mango-now");
    if (!table) {
        return;
    }
    const usual = Number(table.dataset.pause) * 1000;
    const LONGEST_MS = 60000;
    let pause = usual;

    async function look() {
        if (document.hidden) {
            document.addEventListener("visibilitychange", look, { once: true });
            return;
        }
        try {
            const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
            if (answer.redirected || answer.status === 403) {
                return; // logged out meanwhile
            }
            pause = answer.ok ? usual : Math.min(pause * 2, LONGEST_MS);
            if (answer.ok) {
                takeOver(await answer.text());
            }
        } catch {
            pause = Math.min(pause * 2, LONGEST_MS);
        }
        setTimeout(look, pause);
    }

    function takeOver(text) {
        const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("mango-now");
        const focused = table.contains(document.activeElement) && document.activeElement.href;
        if (fresh) {
            table.replaceChildren(...document.importNode(fresh, true).childNodes);
        }
        if (focused) {
            [...table.querySelectorAll("a")].find((link) => link.href === focused)?.focus();
        }
    }

    setTimeout(look, pause);
})();
