"use strict";
for (const button of document.querySelectorAll("table.sortable thead button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
    const column = [...head.parentNode.children].indexOf(head);
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const key = row => { const cell = row.cells[column], text = cell.dataset.key ?? cell.textContent.trim().toLowerCase();
      const number = Number(text); return text !== "" && !Number.isNaN(number) ? number : text; };
    const compare = (a, b) => { const x = key(a), y = key(b);
      if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
      const order = typeof x === "number" ? x - y : x.localeCompare(y);
      return direction === "ascending" ? order : -order; };
    body.append(...[...body.rows].sort(compare));
  });
}
const dialog = document.querySelector("dialog");
for (const button of document.querySelectorAll("figure button")) {
  button.addEventListener("click", () => {
    const small = button.querySelector("img"), large = dialog.querySelector("img");
    large.src = small.src; large.alt = small.alt; dialog.showModal();
  });
}
