import { call, counted, el, inAddress, keep, offerAccounts, say } from "/assets/workbench.js";
import { eventRow } from "/assets/event_rows.js";

const MOST = 500;
const at = (id) => document.getElementById(id);
const list = at("list");
const asked = new URLSearchParams(location.search);
let revision = 0;
let known = new Map();

at("text").value = asked.get("text") ?? "";
if (asked.get("account")) offerAccounts(at("account"), [], asked.get("account"));

function fits(event) {
  const text = at("text").value.trim().toLowerCase();
  return (!at("account").value || event.account === at("account").value)
    && (!at("kind").value || event.kind === at("kind").value)
    && (!text || JSON.stringify(event.event).toLowerCase().includes(text));
}

function summary() {
  const failed = [...known.values()].filter((one) => one.delivery === "failed").length;
  at("again").hidden = failed === 0;
  at("again").textContent = `Deliver ${counted(failed, "failed event")} again`;
  at("count").textContent = known.size ? `${counted(known.size, "event")} kept, ${list.childElementCount.toLocaleString("en")} shown.` : "";
  at("none").hidden = list.childElementCount > 0;
  at("none").textContent = known.size ? "No event matches. Change the filter to see others." : "No events yet. Each change of a user or group publishes one. To cause some, use the page Simulate or connect an identity provider.";
}

function draw() {
  list.replaceChildren(...[...known.values()].filter(fits).map((one) => eventRow(one)).reverse());
  summary();
}

function offerKinds() {
  for (const kind of [...new Set([...known.values()].map((one) => one.kind))].sort())
    if (![...at("kind").options].some((option) => option.value === kind)) at("kind").append(el("option", { value: kind }, kind));
}

function where(answer) {
  const rows = [
    ["Page", answer.missing ?? "here"],
    ["File", el("code", {}, answer.file)],
    ["URL", answer.url ? el("code", {}, answer.url) : el("span", { class: "muted" }, "none. To receive each event as a POST, start with: EVENTS_URL=http://127.0.0.1:9000/ make run")],
  ];
  at("where").replaceChildren(...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

async function look() {
  const answer = await call(`/data/events?after=${revision}`);
  if (answer.revision < revision) { revision = 0; known = new Map(); draw(); return; }
  if (revision === 0) { where(answer); summary(); }
  const first = revision === 0;
  revision = answer.revision;
  if (answer.events.length === 0) return;
  for (const event of answer.events) {
    const before = at(`e-${event.id}`);
    known.set(event.id, event);
    if (first || !fits(event)) continue;
    if (before) before.replaceWith(eventRow(event, { open: before.querySelector("details").open }));
    else list.prepend(eventRow(event, { fresh: true }));
  }
  for (const id of [...known.keys()].slice(0, Math.max(0, known.size - MOST))) { known.delete(id); at(`e-${id}`)?.remove(); }
  offerKinds();
  offerAccounts(at("account"), [...known.values()].map((one) => one.account));
  if (first) draw(); else summary();
}

at("filter").addEventListener("submit", (event) => event.preventDefault());
at("filter").addEventListener("input", () => {
  inAddress({ account: at("account").value, text: at("text").value.trim() });
  draw();
});
at("again").addEventListener("click", async () => {
  const answer = await call("/data/events/deliver", {});
  say(`${counted(answer.queued, "event")} queued.`);
});
at("clear").addEventListener("click", async () => {
  await call("/data/events/clear", {});
  known = new Map();
  draw();
  say("All events were cleared.");
});
keep(look);
