// All content is inserted here, and only as text: a record may come from any source, and a name in
// it may look like HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

// A long name that may break only between its parts.
function breakable(text) {
  const parts = text.split(/(?<=[_.,@[])/);
  return parts.flatMap((part, number) => (number ? [make("wbr"), part] : [part]));
}

// A sentence of a script; text between backticks is code.
function prose(text) {
  return text.split(/`([^`]+)`/).map((part, number) => (number % 2 ? make("code", {}, part) : part));
}

function list(entries) {
  return make(
    "dl",
    {},
    entries.flatMap(([what, value]) => [make("dt", {}, what), make("dd", {}, value)]),
  );
}

// A page opened from a file may have no clipboard. Then the text is selected for manual copying.
function copyButton(text, what, source) {
  const button = make("button", { type: "button", class: "quiet", "aria-label": `Copy ${what}` }, "copy");
  button.addEventListener("click", async () => {
    let said = "copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection().selectAllChildren(source);
      said = "selected";
    }
    button.textContent = said;
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  return button;
}
