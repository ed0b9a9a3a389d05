// The cells are one Tab stop. Arrow keys move between them, Enter opens one.

const matrix = byId("matrix");

function buttons() {
  return [...matrix.querySelectorAll("button.cell")];
}

function enterMatrix() {
  const [first] = buttons();
  if (first) first.tabIndex = 0;
}

function focusButton(button) {
  if (!button) return;
  for (const each of matrix.querySelectorAll('button.cell[tabindex="0"]')) each.tabIndex = -1;
  button.tabIndex = 0;
  button.focus();
}

// The button of a case; modes with the same outcome share one button.
function focusCase(id) {
  const of = caseOf.get(id);
  const own = buttons().find((button) => {
    const first = caseOf.get(button.dataset.case);
    return of && first.scenario === of.scenario && first.site === of.site
      && first.deployment === of.deployment && button.dataset.modes.split(", ").includes(of.mode);
  });
  const opener = [...document.querySelectorAll("[data-opens]")].find((each) => each.dataset.opens === id);
  if (openedFrom === "list" && opener) opener.focus();
  else focusButton(own);
}

let openedFrom = "";

matrix.addEventListener("click", (event) => {
  const button = event.target.closest("button.cell");
  if (!button) return;
  openedFrom = "matrix";
  focusButton(button);
  openCase(button.dataset.case);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens]")) openedFrom = "list";
}, true);

matrix.addEventListener("keydown", (event) => {
  const here = event.target.closest("button.cell");
  const to = here && !event.ctrlKey && !event.altKey && !event.metaKey ? neighbour(here, event.key) : null;
  if (!to) return;
  event.preventDefault();
  focusButton(to);
});

function neighbour(here, key) {
  const row = here.closest("tr");
  const inRow = [...row.querySelectorAll("button.cell")];
  const at = inRow.indexOf(here);
  if (key === "ArrowRight") return inRow[at + 1];
  if (key === "ArrowLeft") return inRow[at - 1];
  if (key === "Home") return inRow[0];
  if (key === "End") return inRow[inRow.length - 1];
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!step) return null;
  // Within a cell of several outcomes first, then to the row above or below, in the same column.
  const inCell = [...here.closest("td").querySelectorAll("button.cell")];
  const beside = inCell[inCell.indexOf(here) + step];
  if (beside) return beside;
  const rows = [...matrix.querySelectorAll("tbody tr")];
  const column = here.closest("td").dataset.label;
  for (let number = rows.indexOf(row) + step; rows[number]; number += step) {
    const cell = [...rows[number].querySelectorAll("td")].find((each) => each.dataset.label === column);
    const found = cell ? [...cell.querySelectorAll("button.cell")] : [];
    if (found.length) return step > 0 ? found[0] : found[found.length - 1];
  }
  return null;
}
