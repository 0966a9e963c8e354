// Draws what a room's model computes from its controls: panels of curves and points, as SVG.
"use strict";

const lemmax = { models: {} };
const FRAME = { width: 420, height: 300, left: 56, right: 12, top: 26, bottom: 44 };

lemmax.element = (name, attributes, text) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

// The root of an increasing function between two ends, by halving.
lemmax.root = (of, low, high) => {
  for (let i = 0; i < 100; i += 1) {
    const middle = (low + high) / 2;
    if (of(middle) < 0) low = middle; else high = middle;
  }
  return (low + high) / 2;
};

lemmax.short = (value) =>
  (value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(2) : Number(value.toPrecision(4)).toString());

function ticks(axis) {
  if (axis.log) {
    const found = [];
    for (let p = Math.ceil(Math.log10(axis.min) - 1e-9); p <= Math.log10(axis.max) + 1e-9; p += 1) found.push(10 ** p);
    return found;
  }
  const rough = (axis.max - axis.min) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let t = Math.ceil(axis.min / step - 1e-9) * step; t <= axis.max + step * 1e-9; t += step) found.push(t);
  return found;
}

function scale(axis, from, to) {
  const of = axis.log ? Math.log10 : (value) => value;
  return (value) => from + (of(value) - of(axis.min)) / (of(axis.max) - of(axis.min)) * (to - from);
}

function panel(shown) {
  const { width, height, left, right, top, bottom } = FRAME;
  const group = lemmax.element("g", {});
  const x = scale(shown.x, left, width - right);
  const y = scale(shown.y, height - bottom, top);
  const add = (name, attributes, text) => group.append(lemmax.element(name, attributes, text));
  add("path", { class: "axis", d: `M${left} ${top}V${height - bottom}H${width - right}` });
  for (const t of ticks(shown.x)) {
    add("path", { class: "axis", d: `M${x(t)} ${height - bottom}v4` });
    add("text", { x: x(t), y: height - bottom + 16, "text-anchor": "middle" }, lemmax.short(t));
  }
  for (const t of ticks(shown.y)) {
    add("path", { class: "axis", d: `M${left} ${y(t)}h-4` });
    add("text", { x: left - 7, y: y(t) + 4, "text-anchor": "end" }, lemmax.short(t));
  }
  const middle = (left + width - right) / 2;
  add("text", { x: middle, y: height - 8, "text-anchor": "middle" }, shown.x.label);
  add("text", { x: 8, y: 14 }, shown.y.label);
  const inside = (px, py) => shown.x.min <= px && px <= shown.x.max && shown.y.min <= py && py <= shown.y.max;
  for (const curve of shown.curves) {
    let path = "";
    curve.x.forEach((px, i) => {
      if (inside(px, curve.y[i])) path += `${path && !path.endsWith(" ") ? "L" : "M"}${x(px).toFixed(1)} ${y(curve.y[i]).toFixed(1)}`;
      else if (path && !path.endsWith(" ")) path += " ";
    });
    add("path", { class: `${curve.kind} c${curve.color || 0}`, d: path.trim() || "M0 0" });
  }
  for (const point of shown.points || []) {
    if (inside(point.x, point.y)) add("circle", { class: `${point.kind} c${point.color || 0}`, cx: x(point.x), cy: y(point.y), r: point.kind === "here" ? 5 : 3.5 });
  }
  return group;
}

lemmax.draw = (part) => {
  const data = JSON.parse(part.querySelector("script[type='application/json']").textContent);
  const form = part.querySelector("form");
  const svg = part.querySelector("svg");
  const show = () => {
    const values = {};
    for (const [name, choices] of Object.entries(data.controls)) {
      const input = form.elements[name];
      values[name] = input.type === "range" ? choices[Number(input.value)] : input.value;
      if (input.type === "range") {
        input.setAttribute("aria-valuetext", lemmax.short(values[name]));
        form.querySelector(`output[for="${input.id}"]`).textContent = lemmax.short(values[name]);
      }
    }
    const found = lemmax.models[part.dataset.model].show(values, data);
    // Panels side by side, or one below the other where that would be too small to read.
    const columns = part.clientWidth < 600 ? 1 : found.panels.length;
    const rows = found.panels.length / columns;
    svg.style.maxWidth = `${30 * columns}rem`; // one panel is not blown up to two panels' width
    svg.setAttribute("viewBox", `0 0 ${FRAME.width * columns} ${FRAME.height * rows}`);
    svg.replaceChildren(...found.panels.map((shown, i) => {
      const group = panel(shown);
      group.setAttribute("transform", `translate(${FRAME.width * (i % columns)} ${FRAME.height * Math.floor(i / columns)})`);
      return group;
    }));
    part.querySelector("[role=status]").textContent = found.said;
  };
  part.hidden = false;
  form.addEventListener("input", show);
  addEventListener("resize", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
};

addEventListener("DOMContentLoaded", () => document.querySelectorAll(".interactive").forEach(lemmax.draw));
