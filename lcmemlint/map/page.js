"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const lanes = document.querySelector(".lanes");
  const nodes = new Map([...lanes.querySelectorAll(".node")].map((box) => [box.id, box]));
  const findings = [...document.querySelectorAll(".findings > li")];
  const search = document.getElementById("search");
  const status = document.getElementById("status");
  const only = document.getElementById("only");
  const about = document.getElementById("about");
  const groups = [...lanes.querySelectorAll("details")];
  const SVG = "http://www.w3.org/2000/svg";

  /** What is looked at: a finding's number or a node's id, and the boxes and arrows that belong to it. */
  let focus = { finding: -1, node: "", boxes: new Set(), arrows: new Set() };

  const make = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };

  const svg = make("svg", { class: "arrows", "aria-hidden": "true" }, lanes);
  const defs = make("defs", {}, svg);
  for (const name of ["plain", "on"]) {
    const marker = make("marker", { id: `tip-${name}`, class: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, defs);
    make("path", { d: "M0 0 8 4 0 8z" }, marker);
  }
  const paths = make("g", {}, svg);

  /** The element that stands for a box now: the box, or the innermost closed group around it that can be seen. */
  const anchor = (id) => {
    let shown = nodes.get(id);
    for (let group = shown.closest("details"); group; group = group.parentElement.closest("details")) {
      if (!group.open) shown = group.querySelector("summary");
    }
    return shown.offsetParent === null ? null : shown;
  };

  const curve = (from, to, down) => {
    if (down) {
      const x1 = from.left + from.width / 2, x2 = to.left + to.width / 2;
      if (to.top >= from.bottom) {
        const bend = Math.min(60, (to.top - from.bottom) / 2 + 6);
        return `M${x1} ${from.bottom}C${x1} ${from.bottom + bend} ${x2} ${to.top - bend} ${x2} ${to.top - 1}`;
      }
      const side = Math.min(from.left, to.left) - 9, y1 = from.top + from.height / 2, y2 = to.top + to.height / 2;
      return `M${from.left} ${y1}C${side} ${y1} ${side} ${y2} ${to.left - 1} ${y2}`;
    }
    const y1 = from.top + from.height / 2, y2 = to.top + to.height / 2;
    if (to.left >= from.right) {
      const bend = Math.max(18, (to.left - from.right) / 2);
      return `M${from.right} ${y1}C${from.right + bend} ${y1} ${to.left - bend} ${y2} ${to.left - 1} ${y2}`;
    }
    if (from.left >= to.right) {
      const bend = 30 + Math.abs(y2 - y1) / 6;
      return `M${from.left} ${y1}C${from.left - bend} ${y1} ${to.right + bend} ${y2} ${to.right + 1} ${y2}`;
    }
    const side = Math.max(from.right, to.right) + 16 + Math.min(40, Math.abs(y2 - y1) / 8);
    return `M${from.right} ${y1}C${side} ${y1} ${side} ${y2} ${to.right + 1} ${y2}`;
  };

  const draw = () => {
    const origin = lanes.getBoundingClientRect();
    const down = getComputedStyle(lanes).flexDirection === "column";
    const places = new Map();
    const place = (element) => {
      if (!places.has(element)) {
        const box = element.getBoundingClientRect();
        places.set(element, { left: box.left - origin.left, right: box.right - origin.left, top: box.top - origin.top, bottom: box.bottom - origin.top, width: box.width, height: box.height });
      }
      return places.get(element);
    };
    const anchors = new Map([...nodes.keys()].map((id) => [id, anchor(id)]));
    const drawn = new Map();
    data.edges.forEach(([source, target], number) => {
      const from = anchors.get(source), to = anchors.get(target);
      if (!from || !to || from === to) return;
      if (!drawn.has(from)) drawn.set(from, new Map());
      const on = focus.arrows.has(number);
      drawn.get(from).set(to, on || drawn.get(from).get(to) === true);
    });
    const looking = focus.boxes.size > 0;
    const fresh = document.createDocumentFragment();
    const late = [];
    for (const [from, targets] of drawn) {
      for (const [to, on] of targets) {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("d", curve(place(from), place(to), down));
        path.setAttribute("class", on ? "on" : looking ? "off" : "");
        path.setAttribute("marker-end", `url(#tip-${on ? "on" : "plain"})`);
        if (on) late.push(path); else fresh.append(path);
      }
    }
    fresh.append(...late);
    paths.replaceChildren(fresh);
  };

  /** Smaller letters, down to a size that can still be read, where that saves scrolling sideways. */
  const fit = () => {
    lanes.style.fontSize = "";
    const room = lanes.parentElement.clientWidth, needed = lanes.scrollWidth;
    if (getComputedStyle(lanes).flexDirection === "column" || needed <= room) return;
    const size = parseFloat(getComputedStyle(lanes).fontSize);
    lanes.style.fontSize = `${Math.max(size * 0.78, (size * room) / needed - 0.05)}px`;
  };

  let waiting = false;
  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; fit(); draw(); });
  };

  const reveal = (id) => {
    for (let group = nodes.get(id).closest("details"); group; group = group.parentElement.closest("details")) group.open = true;
  };

  /** Fade, or hide, what does not belong to what is looked at; empty groups and lanes go with their boxes. */
  const show = () => {
    const looking = focus.boxes.size > 0;
    const hide = looking && only.checked;
    for (const [id, box] of nodes) {
      const off = looking && !focus.boxes.has(id);
      box.hidden = off && hide;
      box.classList.toggle("dimmed", off && !hide);
    }
    for (const group of groups) {
      const boxes = [...group.querySelectorAll(".node")];
      group.hidden = boxes.every((box) => box.hidden);
      group.querySelector("summary").classList.toggle("dimmed", looking && !hide && boxes.every((box) => box.classList.contains("dimmed")));
    }
    for (const part of lanes.querySelectorAll(".column, .lane")) part.hidden = [...part.querySelectorAll(".node")].every((box) => box.hidden);
    document.getElementById("all").hidden = !looking;
    redraw();
  };

  const clear = () => {
    for (const box of nodes.values()) box.classList.remove("chosen");
    for (const item of findings) {
      item.classList.remove("chosen");
      item.querySelector("button").setAttribute("aria-expanded", "false");
      item.querySelector(".proof").hidden = true;
      for (const step of item.querySelectorAll("[aria-current]")) step.removeAttribute("aria-current");
    }
    about.hidden = true;
    focus = { finding: -1, node: "", boxes: new Set(), arrows: new Set() };
  };

  const leave = () => {
    clear();
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    show();
  };

  const along = (ids) => {
    const boxes = new Set(ids);
    const arrows = new Set();
    data.edges.forEach(([source, target], number) => { if (boxes.has(source) && boxes.has(target)) arrows.add(number); });
    return { boxes, arrows };
  };

  const chooseFinding = (number) => {
    clear();
    focus = { finding: number, node: "", ...along(data.findings[number].path) };
    const item = findings[number];
    item.classList.add("chosen");
    item.querySelector("button").setAttribute("aria-expanded", "true");
    item.querySelector(".proof").hidden = false;
    data.findings[number].path.forEach(reveal);
    history.replaceState(null, "", `#${item.id}`);
    show();
  };

  const pointAt = (step) => {
    const item = step.closest(".findings > li");
    if (findings.indexOf(item) !== focus.finding) chooseFinding(findings.indexOf(item));
    for (const other of item.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    step.setAttribute("aria-current", "step");
    for (const box of nodes.values()) box.classList.remove("chosen");
    const box = nodes.get(step.dataset.node);
    if (box) {
      reveal(box.id);
      box.classList.add("chosen");
      if (matchMedia("(min-width: 801px)").matches) box.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    redraw();
  };

  const reach = (id, forwards) => {
    const found = new Set([id]);
    const pending = [id];
    while (pending.length) {
      const current = pending.pop();
      for (const edge of data.edges) {
        const [here, next] = forwards ? edge : [edge[1], edge[0]];
        if (here === current && !found.has(next)) { found.add(next); pending.push(next); }
      }
    }
    return found;
  };

  const chooseNode = (id) => {
    const again = focus.node === id;
    clear();
    if (again) { leave(); return; }
    focus = { finding: -1, node: id, ...along([...reach(id, true), ...reach(id, false)]) };
    nodes.get(id).classList.add("chosen");
    about.querySelector(".what").replaceChildren(...tell(id));
    about.hidden = false;
    show();
  };

  const tell = (id) => {
    const node = data.nodes[id];
    const line = (text, name = "p") => Object.assign(document.createElement(name), { textContent: text });
    const parts = [line(node.label, "strong"), line(node.detail)];
    if (node.place) parts.push(Object.assign(line(node.place), { className: "place" }));
    parts.push(...node.notes.map((note) => line(note)));
    return parts;
  };

  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    for (const [id, box] of nodes) {
      const hit = wanted !== "" && data.nodes[id].words.includes(wanted);
      box.classList.toggle("found", hit);
      if (hit) { count += 1; reveal(id); }
    }
    for (const item of findings) item.hidden = wanted !== "" && !item.textContent.toLowerCase().includes(wanted);
    const left = findings.filter((item) => !item.hidden).length;
    status.textContent = wanted === "" ? "" : `${count} of ${nodes.size} boxes, ${left} of ${findings.length} findings`;
    redraw();
  };

  const steps = (item) => [...item.querySelectorAll(".steps button")];

  findings.forEach((item, number) => {
    item.querySelector("button").addEventListener("click", () => (focus.finding === number ? leave() : chooseFinding(number)));
    for (const step of steps(item)) {
      step.addEventListener("click", () => pointAt(step));
      step.addEventListener("focus", () => pointAt(step));
    }
  });
  for (const id of nodes.keys()) nodes.get(id).addEventListener("click", () => chooseNode(id));
  for (const group of groups) group.addEventListener("toggle", redraw);
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = lanes.querySelector(".node.found:not([hidden])");
    if (first) { first.scrollIntoView({ block: "center", inline: "center" }); first.focus(); }
  });
  only.addEventListener("change", show);
  document.getElementById("all").addEventListener("click", leave);
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  /** Up and down go through findings and, inside of one, through its steps. */
  document.querySelector(".side").addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = event.target.closest(".findings > li");
    if (!by || !item) return;
    const stops = findings.filter((one) => !one.hidden).flatMap((one) => [one.querySelector("button"), ...(one === item && focus.finding === findings.indexOf(item) ? steps(one) : [])]);
    const next = stops[stops.indexOf(event.target.closest("button")) + by];
    if (next) { event.preventDefault(); next.focus(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (search.value) { search.value = ""; filter(); }
      const item = findings[focus.finding];
      leave();
      if (item) item.querySelector("button").focus();
    } else if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  addEventListener("resize", redraw);
  document.fonts.ready.then(redraw);

  const asked = findings.findIndex((item) => `#${item.id}` === location.hash);
  if (asked >= 0) chooseFinding(asked); else show();
})();
