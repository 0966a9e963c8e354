// What pages do beyond showing: filter claims, follow old deep links, make broad formulas reachable.
"use strict";

// A claim's place on the former single page was #C-ICL-24; it still leads there.
function followOldLinks() {
  const id = location.hash.slice(1);
  if (/^C-[A-Z]+-\d+$/.test(id) && !document.getElementById(id)) {
    const link = document.querySelector(`a[href$="claims/${id}.html"]`);
    if (link) location.replace(link.href);
  }
}

// The choice stands in the address after "#?", so that it can be passed on and outlives a reload.
function filterClaims(form) {
  const rows = [...document.querySelectorAll(".claims tbody tr")].map((row) => ({
    row, words: row.textContent.toLowerCase(), ...row.dataset,
  }));
  const show = () => {
    const asked = Object.fromEntries(new FormData(form));
    const words = asked.words.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of rows) {
      const fits = ["paper", "kind", "state"].every((name) => !asked[name] || entry[name] === asked[name])
        && words.every((word) => entry.words.includes(word));
      entry.row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("[role=status]").textContent = `${shown} of ${rows.length} claims shown`;
    return new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  };
  const keep = () => history.replaceState(null, "", `#?${show()}`);
  const read = () => {
    const kept = location.hash.startsWith("#?") ? location.hash.slice(2) : "";
    for (const [name, value] of new URLSearchParams(kept)) {
      if (form.elements[name]) form.elements[name].value = value;
    }
    show();
  };
  form.hidden = false;
  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(keep));
  addEventListener("hashchange", read);
  read();
}

// What scrolls sideways by itself must be reachable by keyboard.
function reachBroadOnes() {
  for (const part of document.querySelectorAll(".math.inline, .math.block, .wide, pre")) {
    const inline = part.classList.contains("inline");
    const math = inline ? part.firstElementChild : null;
    if (inline) part.classList.toggle("broad", math.getBoundingClientRect().width > part.parentElement.clientWidth);
    if (part.scrollWidth > part.clientWidth + 1 && (!inline || part.classList.contains("broad"))) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }
}

// While figures arrive the page loads itself again, unless the reader is at work on it.
function comeAgain() {
  setTimeout(() => {
    const busy = document.activeElement?.matches("input, select");
    if (busy) comeAgain();
    else location.reload();
  }, 20000);
}

// A tap shows a figure as large as it is; its PNG link does the same for a keyboard.
function enlargeFigures() {
  for (const image of document.querySelectorAll("figure img[src$='.png']")) {
    image.style.cursor = "zoom-in";
    image.addEventListener("click", () => { location.href = image.src; });
  }
}

followOldLinks();
enlargeFigures();
document.querySelectorAll("form.filters").forEach(filterClaims);
reachBroadOnes();
addEventListener("resize", reachBroadOnes);
addEventListener("toggle", reachBroadOnes, true);
if ("coming" in document.body.dataset) comeAgain();
