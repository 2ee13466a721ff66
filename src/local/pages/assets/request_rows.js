// A request as a line that opens: used by the page Requests, and wherever requests about something are listed.
import { block, call, clock, copyButton, el, facts, pretty } from "/assets/workbench.js";

const KIND = (status) => (status >= 400 ? "bad" : status >= 300 ? "warn" : "good");

function body(title, kept) {
  if (kept.size === 0) return null;
  const cut = kept.whole ? "" : `, the first ${kept.text.length.toLocaleString("en")} characters of ${kept.size.toLocaleString("en")} bytes`;
  return block(`${title}${cut}`, kept.whole ? pretty(kept.text) : kept.text);
}

function inside(request) {
  const link = `${location.origin}/requests?id=${encodeURIComponent(request.id)}`;
  const lines = request.lines.filter((line) => line.message !== "request");
  const about = request.lines.map((line) => line.user_id ?? line.group_id).find(Boolean);
  const page = request.lines.some((line) => line.group_id) ? "groups" : "users";
  return el("div", { class: "inside" },
    request.reason && el("div", { class: "remedy" }, el("p", {}, el("b", {}, request.reason)), el("p", {}, request.remedy ?? "")),
    el("div", { class: "acts" },
      request.curl ? copyButton("Copy as curl", () => request.curl) : el("span", { class: "muted small" }, "No curl command, because the body is not complete JSON."),
      copyButton("Copy link", () => link),
      about && request.account && el("a", { class: "small", href: `/${page}?account=${encodeURIComponent(request.account)}&id=${about}` }, page === "groups" ? "Open the group" : "Open the user")),
    facts([
      ["Account", request.account], ["Query", request.query && decode(request.query)], ["Tolerances applied", request.tolerances.join(", ")],
      ["Duration", `${request.durationMs} ms`], ["Request id", el("code", {}, request.id)],
    ]),
    el("div", { class: "both" }, body("Request body", request.request), body("Answer", request.answer)),
    lines.length > 0 && block("Further log lines", lines.map((line) => JSON.stringify(line, null, 2)).join("\n")));
}

function decode(query) {
  try { return decodeURIComponent(query.replaceAll("+", " ")); } catch { return query; }
}

function brief(text) { return text.length > 120 ? `${text.slice(0, 120)}...` : text; }

/** A line of the list. It asks for the bodies when it is opened. */
export function requestRow(request, { open = false, fresh = false } = {}) {
  const details = el("details", { open },
    el("summary", {},
      el("span", { class: "time muted small nums" }, clock(request.at)),
      el("span", { class: "method mono" }, request.method),
      el("span", { class: "line mono" }, request.path, request.query && el("span", { class: "muted" }, `?${brief(decode(request.query))}`)),
      el("span", { class: "state" }, el("span", { class: `tag ${KIND(request.status)}` }, [request.status, request.reason].filter(Boolean).join(" "))),
      el("span", { class: "account muted small line" }, request.account ?? ""),
      el("span", { class: "ms right muted small" }, `${Math.round(request.durationMs)} ms`)));
  const fill = async () => {
    if (!details.open || details.children.length > 1) return;
    try {
      const whole = await call(`/data/request?id=${encodeURIComponent(request.id)}`);
      if (details.children.length === 1) details.append(inside(whole));
    } catch (error) {
      if (details.children.length === 1) details.append(el("p", { class: "inside" }, error.message));
    }
  };
  details.addEventListener("toggle", fill);
  return el("li", { id: `r-${request.id}`, class: fresh ? "fresh" : "" }, details);
}
