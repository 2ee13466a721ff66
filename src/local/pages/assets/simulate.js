import { call, counted, el, keep, offerAccounts, say } from "/assets/workbench.js";

const at = (id) => document.getElementById(id);
const WORDS = {
  all: ["Everything", "All scenarios, one after another"],
  "first-sync": ["First sync", "All users of the directory are created"],
  joiner: ["Joiner", "A new user joins"],
  mover: ["Mover", "A user changes name, address or department"],
  leaver: ["Leaver", "A user leaves and comes back"],
  groups: ["Groups", "Groups are pushed, and members change"],
  "mass-leave": ["Mass leave", "Many users leave at once; the deprovisioning limit stops it"],
};
let before = "";

function choice(group, value, [name, words], checked) {
  return el("label", {}, el("input", { type: "radio", name: group, value, checked }),
    el("span", {}, el("b", {}, name), words && el("small", {}, words)));
}

function chosen(group) { return document.querySelector(`input[name=${group}]:checked`)?.value ?? ""; }

function problem(text) {
  at("problem").hidden = !text;
  at("problem").textContent = text ?? "";
}

function stepRow(step) {
  const failed = !step.ok;
  return el("tr", {},
    el("th", { scope: "row" }, step.name, failed && step.reason && el("div", { class: "small" }, `${step.reason}. ${step.remedy}`)),
    el("td", { "data-label": "Scenario" }, step.scenario),
    el("td", { "data-label": "Request", class: "mono" }, step.request),
    el("td", { "data-label": "Sent" }, String(step.sent)),
    el("td", { "data-label": "Answer" }, el("span", { class: `tag ${failed ? "bad" : "good"}` }, failed ? `${step.status || "not sent"}, expected ${step.expected} (${step.failed})` : step.status || "ok")));
}

function result(outcome) {
  at("result").hidden = !outcome;
  if (!outcome) return;
  const failed = outcome.steps.filter((step) => !step.ok).length;
  at("verdict").textContent = outcome.interrupted ? "Cancelled" : outcome.ok ? "Everything matches the directory"
    : [failed && `${counted(failed, "step")} failed`, outcome.differences.length && counted(outcome.differences.length, "difference")].filter(Boolean).join(", ") || "Something does not match the directory";
  const compared = outcome.users === null ? "" : ` ${counted(outcome.users, "user")} and ${counted(outcome.groups ?? 0, "group")} compared with the simulated directory.`;
  at("compared").textContent = `${counted(outcome.requests, "request")} in ${outcome.seconds.toFixed(1)} s.${compared}`;
  at("notes").replaceChildren(...outcome.notes.map((note) => el("li", {}, note)));
  at("steps").replaceChildren(...outcome.steps.map(stepRow));
  at("differences").hidden = outcome.differences.length === 0;
  at("differences").replaceChildren(el("h2", {}, "Differences"), el("ul", { class: "plain" }, ...outcome.differences.slice(0, 100).map((one) =>
    el("li", {}, `${one.resource}, ${one.attribute}: expected ${JSON.stringify(one.expected)}, found ${JSON.stringify(one.found)}`))));
}

function show(now) {
  const runs = now.state === "running";
  at("go").disabled = runs;
  at("run").hidden = !runs;
  if (now.wanted) {
    at("title").textContent = `${now.wanted.profile}, ${WORDS[now.wanted.scenario]?.[0] ?? now.wanted.scenario}: account ${now.wanted.account}`;
    at("requests").href = `/requests?account=${encodeURIComponent(now.wanted.account)}`;
  }
  if (runs) {
    const progress = now.progress;
    at("step").textContent = `${progress ? `${progress.label} (${progress.done.toLocaleString("en")} of ${progress.total.toLocaleString("en")}). ` : ""}${counted(now.requests, "request")} sent.`;
    if (progress) { at("bar").max = progress.total || 1; at("bar").value = progress.done; } else at("bar").removeAttribute("value");
  }
  if (now.state === "refused") problem(now.problem);
  if (before === "running" && !runs) {
    result(now.outcome);
    if (now.outcome) { say(at("verdict").textContent); at("verdict").focus(); }
  } else if (before === "") result(now.outcome);
  before = now.state;
}

async function look() { show(await call("/data/simulation")); }

async function start() {
  const now = await call("/data/simulation");
  at("users").max = now.mostUsers;
  at("profiles").append(...now.profiles.map((one, number) => choice("profile", one.id, [one.name], number === 0)));
  at("scenarios").append(...now.scenarios.map((one) => choice("scenario", one, WORDS[one] ?? [one], one === "first-sync")));
  offerAccounts(at("account"), await call("/data/accounts"), "default");
  keep(look, 500);
}

at("start").addEventListener("submit", async (event) => {
  event.preventDefault();
  problem("");
  at("result").hidden = true;
  try {
    before = "running";
    show(await call("/data/simulation/start", {
      account: at("account").value, profile: chosen("profile"), scenario: chosen("scenario"),
      users: Number(at("users").value), cleanUp: at("clean").checked,
    }));
    say("The simulation runs.");
  } catch (error) { problem(error.message); }
});
at("cancel").addEventListener("click", async () => {
  await call("/data/simulation/cancel", {});
  say("The simulation is being cancelled.");
});
start().catch((error) => problem(error.message));
