// Plays the dashboard's part for the settings widget: what stands before a cwdb-action calls the function with the
// action's JSON. It adds what a widget of CloudWatch cannot have: Copy, search while typing, and automatic refresh.
import { el, say as sayOnPage } from "/assets/workbench.js";

const EVERY = 5000;
const at = (id) => document.getElementById(id);
const widget = at("widget");
const dialog = at("dialog");
let latest = 0;

document.body.classList.add("enhanced");
// While a dialog is open, everything outside of it is silent.
function say(text) {
  if (!dialog.open) return sayOnPage(text);
  at("said-in-dialog").textContent = "";
  setTimeout(() => { at("said-in-dialog").textContent = text; }, 50);
}

// --- Calls of the function ---

async function call(parameters) {
  const typed = [...widget.querySelectorAll("input[name], select[name]")].map((field) => [field.name, field.value]);
  const answer = await fetch("/settings", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Rollcall-Settings": "1" },
    body: JSON.stringify({ ...parameters, widgetContext: { forms: { all: Object.fromEntries(typed) }, theme: "auto" } }),
  });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  for (const style of made.content.querySelectorAll("style")) style.remove();
  return made.content;
}

// Call the function; say so where it does not answer, and offer to `retry`, unless that is on offer already and
// nothing was pressed. Resolves to null then.
async function answered(parameters, retry, pressed = true) {
  try {
    const content = await call(parameters);
    if (document.activeElement?.id === "retry") at("main").focus();
    at("gone").hidden = true;
    return content;
  } catch (error) {
    if (pressed || at("gone").hidden) showGone(error, retry);
    return null;
  } finally {
    widget.removeAttribute("aria-busy");
  }
}

function showGone(error, retry) {
  at("loading")?.remove();
  const why = error instanceof TypeError ? "The server does not answer" : error.message;
  const again = el("button", { type: "button", id: "retry", onclick: () => retry() }, "Retry");
  const hadFocus = document.activeElement?.id === "retry";
  at("gone").replaceChildren(`${why}. Start it again with make run, then retry.`, el("div", { class: "row" }, again));
  at("gone").hidden = false;
  if (hadFocus) again.focus();
}

// --- The page ---

// Replace the page, or the regions named, with a new one. Focus stays where it is.
function show(content, regions) {
  const focused = document.activeElement?.id;
  enhance(content);
  const shown = widget.querySelector("form");
  if (!shown || !regions) {
    widget.replaceChildren(content);
  } else {
    for (const name of regions) {
      const [before, after] = [shown, content].map((part) => part.querySelector(`[data-region="${name}"]`));
      if (before && after && before.outerHTML !== after.outerHTML) before.replaceWith(after);
    }
  }
  if (focused && document.activeElement?.id !== focused) at(focused)?.focus({ preventScroll: true });
}

function enhance(content) {
  for (const code of content.querySelectorAll("code.rc-copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "rc-btn";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.dataset.copy}`);
    button.addEventListener("click", () => copy(code, button));
    code.after(button);
  }
  for (const action of content.querySelectorAll('cwdb-action[action="call"]')) {
    action.previousElementSibling.addEventListener("click", () => press(action.previousElementSibling, action));
  }
  for (const part of content.querySelectorAll("[role=status]")) {
    part.removeAttribute("role");
    say(part.textContent);
  }
}

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    say(`${code.dataset.copy} copied.`);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } catch {
    getSelection().selectAllChildren(code);
    say("The browser does not allow copying. The text is selected: press Ctrl-C or Cmd-C.");
  }
}

async function press(button, action) {
  const parameters = JSON.parse(action.textContent);
  const question = action.getAttribute("confirmation");
  if (question && !(await asked(question, button.dataset))) return;
  const again = () => press(button, action);
  if (action.getAttribute("display") === "popup") {
    const content = await answered(parameters, again);
    if (content) await popup(content);
    parameters.action = "refresh";
  }
  latest += 1;
  const content = await answered(parameters, again);
  if (!content) return;
  show(content);
  const refused = widget.querySelector("[aria-invalid]");
  const card = at(`rc-of-${parameters.account}`);
  if (refused) refused.focus();
  else if (!at(button.id)) card?.focus();
}

// Read the page again and replace the regions named, unless something newer was shown.
async function refresh(regions, pressed = true) {
  latest += 1;
  const own = latest;
  const content = await answered({ action: "refresh", ...turn() }, () => refresh(), pressed);
  if (content && own === latest) show(content, regions);
}

// The page of accounts that is shown, as its Refresh button knows it.
function turn() {
  const known = at("rc-refresh")?.nextElementSibling;
  return known ? { page: JSON.parse(known.textContent).page } : {};
}

// --- Questions and pop-ups ---

function opened(confirm, cancel) {
  at("said-in-dialog").textContent = "";
  at("no").hidden = !cancel;
  at("yes").textContent = confirm;
  const opener = document.activeElement?.id;
  dialog.showModal();
  return new Promise((resolve) => {
    const close = (answer) => () => { dialog.close(); at(opener)?.focus(); resolve(answer); };
    at("yes").onclick = close(true);
    at("no").onclick = close(false);
    dialog.oncancel = (event) => { event.preventDefault(); close(false)(); };
  });
}

function asked(question, { verb, style }) {
  const [, title, rest] = question.match(/^(.*?\?)\s*(.*)$/s) ?? [null, question, ""];
  at("title").hidden = false;
  at("title").textContent = title;
  at("text").textContent = rest;
  at("yes").className = style;
  dialog.setAttribute("aria-labelledby", "title");
  dialog.setAttribute("aria-describedby", "text");
  const answer = opened(verb, true);
  if (style === "danger") at("no").focus(); else at("yes").focus();
  return answer;
}

function popup(content) {
  enhance(content);
  const heading = content.querySelector("h2");
  heading.id = "popup-title";
  heading.tabIndex = -1;
  at("title").hidden = true;
  at("text").replaceChildren(content);
  at("yes").className = "";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.removeAttribute("aria-describedby");
  const closed = opened("Close", false);
  heading.focus();
  return closed.then(() => at("text").replaceChildren());
}

// --- What is typed, and time ---

let soon;
widget.addEventListener("input", (event) => {
  if (event.target.name !== "search" && event.target.name !== "sort") return;
  clearTimeout(soon);
  soon = setTimeout(() => find(), event.target.name === "search" ? 150 : 0);
});
async function find() {
  latest += 1;
  const own = latest;
  const content = await answered({ action: "refresh" }, find);
  if (!content || own !== latest) return;
  show(content, ["list"]);
  const known = at("rc-refresh")?.nextElementSibling;
  if (known) known.textContent = JSON.stringify({ action: "refresh", page: 1 });
  say(widget.querySelector(".rc-count").textContent);
}
widget.addEventListener("submit", (event) => event.preventDefault());
widget.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  if (event.target.name === "account") at("rc-add").click();
});

function isTyping() {
  const focused = document.activeElement;
  return focused?.name === "account" ? focused.value !== "" : focused?.tagName === "SELECT";
}
setInterval(() => {
  if (!document.hidden && !dialog.open && !isTyping() && !getSelection().toString()) {
    refresh(["list"], false);
  }
}, EVERY);

refresh();
