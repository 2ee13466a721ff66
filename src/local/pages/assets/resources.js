import { block, call, copyButton, counted, el, inAddress, keep, offerAccounts, pretty } from "/assets/workbench.js";
import { requestRow } from "/assets/request_rows.js";
import { eventRow } from "/assets/event_rows.js";

const at = (id) => document.getElementById(id);
const type = at("all").dataset.type;
const noun = at("all").dataset.noun;
const asked = new URLSearchParams(location.search);
const one = asked.get("id");
let shown = "";

const address = (kind, account, id) => `/${kind}?account=${encodeURIComponent(account)}&id=${encodeURIComponent(id)}`;
const when = (instant) => new Date(instant).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });

function row(resource) {
  const account = at("account").value;
  const name = el("th", { scope: "row" }, el("a", { href: address(type, account, resource.id) }, resource.name || resource.id));
  if (type === "groups") return el("tr", {}, name, el("td", { "data-label": "Changed", class: "muted" }, when(resource.changed)));
  return el("tr", {}, name,
    el("td", { "data-label": "Name" }, resource.display || ""),
    el("td", { "data-label": "E-mail" }, resource.email || ""),
    el("td", { "data-label": "Active" }, el("span", { class: `tag ${resource.active ? "good" : "warn"}` }, resource.active ? "active" : "inactive")),
    el("td", { "data-label": "Changed", class: "muted" }, when(resource.changed)));
}

async function look() {
  const account = at("account").value;
  if (!account) return;
  const wanted = new URLSearchParams({ type, account, text: at("text").value.trim() });
  const answer = await call(`/data/resources?${wanted}`);
  const now = `${account}${JSON.stringify(answer)}`;
  if (account !== at("account").value || now === shown) return;
  shown = now;
  at("list").replaceChildren(...answer.resources.map(row));
  at("table").hidden = answer.resources.length === 0;
  at("none").hidden = answer.resources.length > 0;
  at("none").textContent = at("text").value.trim() ? `No ${noun} matches. Change the search to see others.`
    : `The account ${account} has no ${noun}s yet. Connect an identity provider, or use the page Simulate.`;
  at("count").textContent = answer.more ? `The first ${counted(answer.resources.length, noun)} are shown. Search to find others.`
    : answer.resources.length ? `${counted(answer.resources.length, noun)}.` : "";
}

function history(title, rows, kind, none) {
  return el("section", { class: "card", "aria-label": title },
    el("div", { class: "padded" }, el("h2", {}, title), rows.length === 0 && el("p", { class: "muted" }, none)),
    el("ul", { class: `rows ${kind}` }, ...rows));
}

async function showOne() {
  const account = asked.get("account") ?? "default";
  const back = el("p", {}, el("a", { href: `/${type}?account=${encodeURIComponent(account)}` }, `All ${type} of ${account}`));
  const show = (...parts) => at("detail").replaceChildren(back, ...parts);
  at("all").hidden = true;
  at("detail").hidden = false;
  let found;
  try {
    found = await call(`/data/resource?${new URLSearchParams({ type, account, id: one })}`);
  } catch (error) {
    show(el("p", { class: "card empty" }, error.message));
    return;
  }
  const stored = found.document ? JSON.parse(found.document) : null;
  const other = type === "users" ? "groups" : "users";
  const related = el("section", { class: "card padded", "aria-label": type === "users" ? "Groups" : "Members" },
    el("h2", {}, type === "users" ? "Groups" : "Members"),
    found.related.length === 0 && el("p", { class: "muted" }, "None."),
    el("ul", { class: "plain" }, ...found.related.map((each) => el("li", {}, el("a", { href: address(other, account, each.id) }, each.name || each.id)))),
    found.relatedMore && el("p", { class: "muted" }, "There are more, which are not listed here."));
  const title = stored ? stored.userName ?? stored.displayName : `Deleted ${noun}`;
  document.querySelector("h1").textContent = title;
  document.querySelector(".lead").textContent = `A ${noun} of the account ${account}.`;
  show(el("div", { class: "columns" },
    el("section", { class: "card padded", "aria-label": "Resource" },
      stored ? el("div", { class: "stack" }, block("Resource", pretty(found.document)), el("div", { class: "acts" }, copyButton("Copy as JSON", () => pretty(found.document)), copyButton("Copy id", () => one)))
        : el("p", { class: "muted" }, `This ${noun} was deleted. Its last requests and events are listed below.`)),
    el("div", { class: "stack" }, related)),
  el("div", { class: "stack below" },
    history("Requests", found.requests.map((each) => requestRow(each)).reverse(), "request", "None among the last 500 requests."),
    history("Events", found.events.map((each) => eventRow(each)).reverse(), "event", "None among the last 500 events.")));
}

async function start() {
  const names = await call("/data/accounts");
  offerAccounts(at("account"), names, asked.get("account") ?? "default");
  at("text").value = asked.get("text") ?? "";
  at("filter").addEventListener("submit", (event) => event.preventDefault());
  let soon;
  at("filter").addEventListener("input", () => {
    inAddress({ account: at("account").value, text: at("text").value.trim() });
    clearTimeout(soon);
    soon = setTimeout(() => look().catch(() => {}), 150);
  });
  keep(look, 3000);
}

if (one) showOne(); else start();
