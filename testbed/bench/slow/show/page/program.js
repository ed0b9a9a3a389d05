// Builds the page.

function showNotes() {
  const { TensorFlow, Keras, Python, ...more } = data.conditions;
  const command = make("code", {}, data.command);
  byId("notes").append(
    make("ul", { class: "notes" }, data.notes.map((note) => make("li", {}, note))),
    make("p", { class: "command" }, command, copyButton(data.command, "the command", command)),
    make("div", { class: "facts" },
      list([
        ["TensorFlow", TensorFlow], ["Keras", Keras], ["Python", Python],
        ["began", data.began.slice(0, 16).replace("T", " ")], ["took", `${Math.round(data.seconds)} s`],
      ]),
      make("details", {}, make("summary", {}, "Machine"), list(Object.entries(more)))),
  );
}

showHead();
showChange();
showScaling();
showParts();
showTimeline();
showWorkers();
showInput();
showNotes();
