"use strict";
const STEP = 200; // Rows that are laid out at a time: thousands of wide rows make every sort wait for the browser.
const table = document.querySelector("table");
const pane = document.querySelector("main");
const body = table.tBodies[0];
const headings = [...table.tHead.rows[0].cells];
const entries = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
const ask = (id) => document.getElementById(id);
let matching = entries;

function key(row, column) {
  const text = row.cells[column].textContent;
  return headings[column].className === "number" ? Number(text) : text.toLowerCase();
}

function sort(column) {
  const heading = headings[column];
  const before = heading.getAttribute("aria-sort");
  const descending = before === null ? heading.className === "number" : before === "ascending";
  headings.forEach((one) => one.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  entries.forEach((entry) => (entry.key = key(entry.row, column)));
  entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (descending ? -1 : 1));
  filter();
}

function filter() {
  const words = ask("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rule = headings.findIndex((one) => one.dataset.rule && one.dataset.rule === ask("rule").value);
  const marks = ["scaled", "found", "lost"].filter((mark) => ask(mark).checked);
  matching = entries.filter(
    ({ row, text }) =>
      words.every((word) => text.includes(word)) &&
      marks.every((mark) => mark in row.dataset) &&
      (rule < 0 || row.cells[rule].textContent !== ""),
  );
  body.replaceChildren();
  pane.scrollTop = 0;
  more();
  const [shown, all] = [matching, entries].map((one) => one.length.toLocaleString("en"));
  ask("shown").textContent = shown + " of " + all + " shown";
}

function more() {
  const next = matching.slice(body.rows.length, body.rows.length + STEP);
  body.append(...next.map((entry) => entry.row));
}

headings.forEach((heading, column) => heading.firstElementChild.addEventListener("click", () => sort(column)));
document.querySelector("form").addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
pane.addEventListener("scroll", () => {
  while (body.rows.length < matching.length && pane.scrollTop + 2 * pane.clientHeight > pane.scrollHeight) more();
});
filter();
