"use strict";
// Keys for what the page has as links and fields already; nothing here is needed to use it.
(() => {
  let after = "";
  const rows = () => [...document.querySelectorAll("a[data-row]")];
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]");

  function move(step) {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? all[step > 0 ? 0 : all.length - 1] : all[at + step];
    if (next) {
      next.focus();
      next.scrollIntoView({ block: "nearest" });
    }
  }

  function open(key) {
    const link = [...document.querySelectorAll("a[data-key]")].find((each) => each.dataset.key === key);
    if (link) link.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (after === "g") {
      after = "";
      open(key);
    } else if (key === "g") {
      after = "g";
    } else if (key === "/") {
      const find = document.getElementById("find");
      if (find) {
        event.preventDefault();
        find.focus();
        find.select();
      }
    } else if (key === "j" || key === "k") {
      move(key === "j" ? 1 : -1);
    } else if (key === "?") {
      open("?");
    }
  });

  // After a form was sent, the answer to it is where reading goes on.
  const field = document.getElementById("new");
  const told = document.querySelector("#problem, .box.good");
  if (told && told.id === "problem") told.focus();
  else if (field) field.focus();
})();
