// Live pages: fragments that the server sends take the place of those with
// the same id. Everything works without this file; reloading then shows the same.
"use strict";
// A page that the browser kept is asked for anew: the session may have ended since.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
(() => {
  const root = document.querySelector("[data-live]");
  if (!root || !("EventSource" in window)) return;
  const status = document.getElementById("live");
  const waiting = new Map();

  const say = (word) => {
    if (status) status.textContent = status.dataset[word] || "";
  };

  // Which details are open and how far things are scrolled stays as the reader left it.
  const keep = (from, to) => {
    for (const details of from.querySelectorAll("details[id]")) {
      const same = to.querySelector("#" + CSS.escape(details.id));
      if (same) same.open = details.open;
    }
    return [...from.querySelectorAll("[data-keep]")].map((box) => {
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 4;
      return [box.id, box.scrollLeft, box.scrollTop, atEnd];
    });
  };

  const place = (id, html) => {
    const old = document.getElementById(id);
    if (!old) return;
    // What has the focus isn't taken away under the hands.
    if (old.contains(document.activeElement)) {
      waiting.set(id, html);
      return;
    }
    const box = document.createElement("template");
    box.innerHTML = html;
    const fresh = box.content.firstElementChild;
    if (!fresh || fresh.isEqualNode(old)) return;
    const scrolled = keep(old, fresh);
    old.replaceWith(fresh);
    for (const [box, left, top, atEnd] of scrolled) {
      const same = document.getElementById(box);
      if (!same) continue;
      same.scrollLeft = left;
      same.scrollTop = atEnd ? same.scrollHeight : top;
    }
  };

  document.addEventListener("focusout", () => {
    setTimeout(() => {
      const due = [...waiting];
      waiting.clear();
      for (const [id, html] of due) place(id, html);
    }, 0);
  });

  const source = new EventSource(root.dataset.live);
  source.addEventListener("open", () => say("on"));
  source.addEventListener("error", () => say("off"));
  source.addEventListener("fragment", (event) => {
    const cut = event.data.indexOf("\n");
    place(event.data.slice(0, cut), event.data.slice(cut + 1));
  });
  // The server says that there is nothing more to come.
  source.addEventListener("end", () => {
    source.close();
    say("end");
  });
  addEventListener("pagehide", () => source.close());
})();
