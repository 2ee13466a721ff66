// An event as a line that opens: used by the page Events, and wherever events of something are listed.
import { block, clock, copyButton, el } from "/assets/workbench.js";

const ENDS = ["UserDeactivated", "UserDeprovisioned", "GroupDeprovisioned", "GroupMembersRemoved"];
const DELIVERY = { waiting: ["warn", "waiting"], delivered: ["good", "delivered"], failed: ["bad", "not delivered"] };

export function eventRow(event, { fresh = false, open = false } = {}) {
  const text = JSON.stringify(event.event, null, 2);
  const [tone, word] = DELIVERY[event.delivery] ?? [];
  const page = event.kind.startsWith("Group") ? "groups" : "users";
  const changed = event.event.detail.members ? `${event.event.detail.members.length} members` : event.event.detail.changedAttributes.join(", ");
  return el("li", { id: `e-${event.id}`, class: fresh ? "fresh" : "" },
    el("details", { open },
      el("summary", {},
        el("span", { class: "time muted small nums" }, clock(event.at)),
        el("span", {}, el("span", { class: `tag ${ENDS.includes(event.kind) ? "warn" : "good"}` }, event.kind)),
        el("span", { class: "line small" }, changed),
        el("span", { class: "account muted small line" }, event.account),
        el("span", { class: "right" }, word && el("span", { class: `tag ${tone}` }, word))),
      el("div", { class: "inside" },
        event.why && el("div", { class: "remedy" }, el("p", {}, `EVENTS_URL: ${event.why}`)),
        el("div", { class: "acts" },
          copyButton("Copy as JSON", () => text),
          event.resource && el("a", { class: "small", href: `/${page}?account=${encodeURIComponent(event.account)}&id=${encodeURIComponent(event.resource)}` }, page === "groups" ? "Open the group" : "Open the user")),
        block("Event", text))));
}
