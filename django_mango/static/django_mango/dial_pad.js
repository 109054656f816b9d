/* The keys of the dial pad; the call itself is placed by the script of call controls, or by
   the form, where that one is missing. */
(() => {
    "use strict";

    const field = document.getElementById("mango-pad-number");
    const keys = document.querySelector(".mango-pad__keys");
    const call = document.querySelector(".mango-pad__call");
    if (!field || !keys || !call) {
        return;
    }

    function follow() {
        if (field.value.trim()) {
            call.dataset.mangoNumber = field.value;
        } else {
            delete call.dataset.mangoNumber; // the form says what is missing
        }
    }

    function press(key) {
        const [start, end] = [field.selectionStart, field.selectionEnd];
        if (key === "back") {
            field.setRangeText("", start === end ? Math.max(0, start - 1) : start, end, "end");
        } else {
            field.setRangeText(key, start, end, "end");
        }
        follow();
    }

    keys.hidden = false;
    keys.addEventListener("click", (event) => {
        const key = event.target.closest("[data-key]");
        if (key) {
            press(key.dataset.key);
        }
    });
    field.addEventListener("input", follow);
    follow();
})();
