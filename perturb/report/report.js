"use strict";
// Everything is readable without this script; it filters failures and colours differences.
const filter = document.getElementById("filter");
const rows = [...document.querySelectorAll("details.failure")];
if (filter) {
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.querySelector("summary").textContent.toLowerCase();
      row.classList.toggle("hidden", !wanted.every((word) => text.includes(word)));
    }
  });
}
for (const pre of document.querySelectorAll("pre.diff")) {
  const lines = pre.textContent.split("\n");
  pre.textContent = "";
  for (const line of lines) {
    const span = document.createElement("span");
    span.className = { "+": "add", "-": "del", "@": "at" }[line[0]] || "";
    const words = line[0] === "~" ? line.split(/(\[-.*?-\]|\{\+.*?\+\})/) : [line];
    for (const word of words) {
      const part = document.createElement("span");
      part.className = words.length > 1 ? { "[-": "del", "{+": "add" }[word.slice(0, 2)] || "" : "";
      part.textContent = word;
      span.append(part);
    }
    span.append("\n");
    pre.append(span);
  }
}
