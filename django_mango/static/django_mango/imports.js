/* The page of completeness follows a running import: it asks for itself again, and takes over
   what has changed. Without this script the page reloads as a whole. */
"use strict";
// In the head: the page is read to its end first.
document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-mango-live]");
    if (!form || !form.dataset.mangoLive) {
        return;
    }
    const parts = ["mango-import", "mango-import-buttons", "mango-days"];
    let pause = Number(form.dataset.mangoLive) * 1000;

    function takeOver(page) {
        for (const id of parts) {
            const mine = document.getElementById(id);
            const fresh = page.getElementById(id);
            // A button one is about to press stays where it is.
            if (!mine || !fresh || mine.innerHTML === fresh.innerHTML) {
                continue;
            }
            const focused = mine.contains(document.activeElement) ? document.activeElement : null;
            mine.innerHTML = fresh.innerHTML;
            if (focused && focused.value) {
                const again = mine.querySelector(`[value="${CSS.escape(focused.value)}"]`);
                (again && !again.disabled ? again : mine).focus();
            }
        }
        const live = page.querySelector("form[data-mango-live]");
        return Boolean(live && live.dataset.mangoLive);
    }

    async function look() {
        if (document.hidden) {
            document.addEventListener("visibilitychange", look, { once: true });
            return;
        }
        let goesOn = true;
        try {
            const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
            if (answer.redirected) {
                return; // signed out meanwhile
            }
            if (answer.ok) {
                const text = await answer.text();
                goesOn = takeOver(new DOMParser().parseFromString(text, "text/html"));
            } else {
                pause = Math.min(pause * 2, 60000);
            }
        } catch {
            pause = Math.min(pause * 2, 60000);
        }
        if (goesOn) {
            setTimeout(look, pause);
        }
    }

    setTimeout(look, pause);
});
