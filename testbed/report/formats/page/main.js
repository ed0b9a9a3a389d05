// Builds the page from the data.

function follow() {
  readAddress();
  putFilters();
  showCells();
  if (state.case && caseOf.has(state.case)) openCase(state.case);
  else if (dialog.open) dialog.close();
}

showHead();
if (data.bench) showBench(data.bench);
if (!run) byId("skip").remove();
if (run) {
  byId("run").hidden = false;
  showChanges();
  showFilters();
  showLegend();
  follow();
  window.addEventListener("hashchange", follow);
}

byId("skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  focusButton(matrix.querySelector('button.cell[tabindex="0"]'));
});
