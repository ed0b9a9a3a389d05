// A script as it was when it ran, with its line numbers.

const TOKENS = new RegExp(
  [
    /(?<text>[rbf]?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))/,
    /(?<remark>#[^\n]*)/,
    /(?<mark>@[\w.]+)/,
    /(?<word>\b(?:and|as|assert|break|class|continue|def|del|elif|else|except|False|finally|for|from|global|if|import|in|is|lambda|None|nonlocal|not|or|pass|raise|return|True|try|while|with|yield)\b)/,
  ].map((each) => each.source).join("|"),
  "g",
);

// Every line of a source as a list of nodes.
function linesOf(source) {
  const lines = [[]];
  const put = (text, kind) => {
    text.split("\n").forEach((part, number) => {
      if (number) lines.push([]);
      if (part) lines[lines.length - 1].push(kind ? make("span", { class: kind }, part) : part);
    });
  };
  let last = 0;
  for (const found of source.matchAll(TOKENS)) {
    put(source.slice(last, found.index));
    put(found[0], Object.keys(found.groups).find((kind) => found.groups[kind] !== undefined));
    last = found.index + found[0].length;
  }
  put(source.slice(last));
  return lines;
}

function codeOf(source, first, last, marked) {
  const lines = linesOf(source).slice(first - 1, last);
  return make(
    "pre",
    { class: "code", tabindex: "0", role: "region", "aria-label": `lines ${first} to ${last}` },
    lines.map((nodes, offset) => {
      const number = first + offset;
      const here = marked && number >= marked.first_line && number <= marked.last_line;
      return make("span", { class: here ? "line here" : "line", "data-line": number }, nodes, "\n");
    }),
  );
}
