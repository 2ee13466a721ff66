import { call, counted, el, inAddress, keep, offerAccounts, say } from "/assets/workbench.js";
import { requestRow } from "/assets/request_rows.js";

const MOST = 500;
const at = (id) => document.getElementById(id);
const list = at("list");
const asked = new URLSearchParams(location.search);
let wanted = asked.get("id");
let position = 0;
let known = [];
let waiting = [];
let paused = false;

at("account").append(...(asked.get("account") ? [el("option", { value: asked.get("account") }, asked.get("account"))] : []));
at("account").value = asked.get("account") ?? "";
at("text").value = asked.get("text") ?? "";
at("failed").checked = asked.has("failed");

function fits(request) {
  const text = at("text").value.trim().toLowerCase();
  if (at("account").value && request.account !== at("account").value) return false;
  if (at("failed").checked && request.status < 400) return false;
  if (!text) return true;
  const all = [request.method, request.path, request.query, request.status, request.reason, request.remedy, request.account, request.id, ...request.tolerances];
  return all.some((one) => String(one ?? "").toLowerCase().includes(text));
}

function summary() {
  const shown = list.childElementCount;
  at("count").textContent = known.length ? `${counted(known.length, "request")} kept, ${shown.toLocaleString("en")} shown.` : "";
  at("none").hidden = shown > 0;
  at("none").textContent = known.length
    ? "No request matches. Change the filter to see others."
    : "No requests yet. Connect an identity provider to this server, or use the page Simulate.";
  at("pause").textContent = paused ? (waiting.length ? `Continue (${waiting.length} new)` : "Continue") : "Pause";
}

function draw() {
  list.replaceChildren(...known.filter(fits).map((one) => requestRow(one, { open: one.id === wanted })).reverse());
  summary();
}

function add(requests, first) {
  known = [...known, ...requests].slice(-MOST);
  if (first) { draw(); return; }
  for (const one of requests.filter(fits)) list.prepend(requestRow(one, { fresh: true }));
  const kept = new Set(known.map((one) => `r-${one.id}`));
  while (list.lastElementChild && !kept.has(list.lastElementChild.id)) list.lastElementChild.remove();
  summary();
}

async function look() {
  const answer = await call(`/data/requests?after=${position}`);
  const again = answer.position < position;
  if (again) { position = 0; known = []; waiting = []; draw(); return; }
  const first = position === 0;
  position = answer.position;
  if (first) { add(answer.requests, true); await show(); return; }
  if (answer.requests.length === 0) return;
  offerAccounts(at("account"), [...new Set(known.concat(answer.requests).map((one) => one.account).filter(Boolean)), ...names]);
  if (paused) { waiting = [...waiting, ...answer.requests].slice(-MOST); summary(); return; }
  add(answer.requests, false);
}

async function show() {
  if (!wanted) return;
  const row = at(`r-${wanted}`);
  if (row) {
    row.querySelector("summary").focus();
    row.scrollIntoView({ block: "start" });
  } else {
    at("none").hidden = false;
    try { await call(`/data/request?id=${encodeURIComponent(wanted)}`); at("none").textContent = "The filter hides this request. Change the filter to see it."; } catch (error) { at("none").textContent = error.message; }
  }
}

let names = [];
call("/data/accounts").then((all) => { names = all; offerAccounts(at("account"), names, asked.get("account") ?? ""); }, () => {});

at("filter").addEventListener("submit", (event) => event.preventDefault());
at("filter").addEventListener("input", () => {
  wanted = null;
  inAddress({ account: at("account").value, text: at("text").value.trim(), failed: at("failed").checked ? "1" : "" });
  draw();
});
at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", String(paused));
  if (!paused) { const held = waiting; waiting = []; add(held, false); }
  summary();
});
at("clear").addEventListener("click", async () => {
  await call("/data/requests/clear", {});
  known = [];
  waiting = [];
  draw();
  say("All requests were cleared.");
});
keep(look);
