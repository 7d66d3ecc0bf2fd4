"use strict";
const table = document.querySelector("table");
const body = table.tBodies[0];
const headings = [...table.tHead.rows[0].cells];
const entries = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
const ask = (id) => document.getElementById(id);

function value(row, column) {
  const text = row.cells[column].textContent;
  return headings[column].className === "number" ? Number(text || 0) : text.toLowerCase();
}

function sort(column) {
  const heading = headings[column];
  const isNumber = heading.className === "number";
  const before = heading.getAttribute("aria-sort");
  const descending = before === null ? isNumber : before === "ascending";
  headings.forEach((one) => one.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const keyed = entries.map((entry) => ({ entry, key: value(entry.row, column) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => (isNumber ? a.key - b.key : a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * sign);
  body.replaceChildren(...keyed.map((one) => one.entry.row));
}

function filter() {
  const words = ask("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rule = headings.findIndex((one) => one.dataset.rule && one.dataset.rule === ask("rule").value);
  let shown = 0;
  for (const { row, text } of entries) {
    const visible =
      words.every((word) => text.includes(word)) &&
      (rule < 0 || row.cells[rule].textContent !== "") &&
      (!ask("scaled").checked || row.dataset.scaled === "1") &&
      (!ask("found").checked || row.dataset.found === "1") &&
      (!ask("lost").checked || row.dataset.lost === "1");
    row.hidden = !visible;
    shown += visible;
  }
  ask("shown").textContent = shown.toLocaleString("en") + " of " + entries.length.toLocaleString("en") + " shown";
}

headings.forEach((heading, column) => heading.firstElementChild.addEventListener("click", () => sort(column)));
document.querySelector("form").addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
filter();
