"use strict";
// The set-up page: asks the service for the state of the link, and puts what changed into the page.
// The token is behind the # of the address, which no browser sends; it is in no storage, and so is the key.

const TOKEN = /^#(rcs_[a-z0-9-]+_[0-9A-Za-z]+)$/;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const PATIENCE = 20 * SECOND;
const LONGEST_WAIT = MINUTE;

const at = (id) => document.getElementById(id);
const token = TOKEN.exec(location.hash)?.[1];
const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

let turn = 0; // the latest request; the answers of those before it come too late
let timer;
let failed = 0; // requests without a useful answer, since the last one with it
let lastChange = Date.now();
let over = false; // the link is refused for good
let keyBox = null; // the element with the key, once it is shown
const shown = new Map(); // the parts of the page as the service sent them

// --- Requests ------------------------------------------------------------------

async function call(path, body) {
  try {
    const response = await fetch(`setup/${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
    const html = isPage ? await response.text() : "";
    return {
      status: response.status,
      wait: Number(response.headers.get("Retry-After") ?? 0) * SECOND || 0,
      content: html && new DOMParser().parseFromString(html, "text/html").body,
    };
  } catch {
    return { status: 0, wait: 0, content: "" };
  }
}

async function refresh(path = "view", body = {}) {
  clearTimeout(timer);
  const mine = ++turn;
  const answer = await call(path, body);
  if (mine !== turn) return;
  if (path === "choose" && answer.status !== 200) shown.delete("chooser");
  take(answer);
  schedule(answer.wait);
}

function take({ status, content }) {
  const isLost = status === 0 || status === 429 || status >= 500 || !content;
  if (status === 200 && content) {
    failed = 0;
    hideBanner();
    show(content);
  } else if (isLost) {
    failed += 1;
    warn(content ? [...content.querySelector(".note").children] : copyOf(status === 429 ? "busy" : "gone"), true);
  } else {
    over = true;
    if (shown.size === 0) at("setup").replaceChildren(...content.childNodes);
    else warn([...content.querySelector(".note").children], false);
  }
  at("setup").removeAttribute("aria-busy");
  if (shown.size === 0 && isLost) at("setup").replaceChildren();
}

function schedule(wait = 0) {
  clearTimeout(timer);
  const runs = !over && !document.hidden;
  at("live").hidden = !shown.size;
  at("live").textContent = over || failed ? "Not live" : "Live";
  at("live").classList.toggle("off", over || failed > 0);
  if (!runs) return;
  const calm = Date.now() - lastChange;
  const usual = (calm < 10 * MINUTE ? 5 : calm < 60 * MINUTE ? 15 : 60) * SECOND;
  timer = setTimeout(refresh, Math.max(wait, Math.min(usual * 2 ** failed, LONGEST_WAIT)));
}

// --- What is shown ---------------------------------------------------------------

const copyOf = (id) => [...at(id).content.cloneNode(true).childNodes];

function show(content) {
  localise(content);
  const news = shown.size ? changes(content) : [];
  const isFirst = shown.size === 0;
  for (const part of content.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const text = own(part);
    const isSame = shown.get(name) === text;
    shown.set(name, text);
    const live = document.querySelector(`[data-part="${name}"]`);
    if (isFirst || isSame || !live || (name === "key" && keyBox)) continue;
    lastChange = Date.now();
    replace(live, part);
  }
  if (isFirst) at("setup").replaceChildren(...content.childNodes);
  if (news.length) say(news.join(" "));
}

// The text of a part without the parts in it, which are compared by themselves.
function own(part) {
  const copy = part.cloneNode(true);
  for (const inner of copy.querySelectorAll("[data-part]")) inner.replaceChildren();
  return copy.outerHTML;
}

// Replaces a part; focus stays where it is, and a key that is shown stays shown.
function replace(live, part) {
  const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  const fresh = part.cloneNode(true);
  if (keyBox) fresh.querySelector("#key")?.replaceWith(keyBox);
  live.replaceWith(fresh);
  if (focused) at(focused)?.focus({ preventScroll: true });
}

function localise(content) {
  for (const time of content.querySelectorAll("time")) time.textContent = moments.format(new Date(time.dateTime));
}

// What a person should hear: lights that went on, and requests that were refused since the last look.
function changes(content) {
  const before = (name) => document.querySelector(`[data-light="${name}"]`)?.dataset.state;
  const lights = [...content.querySelectorAll('[data-light][data-state="done"]')];
  const known = new Set([...document.querySelectorAll("[data-failure]")].map((each) => each.dataset.failure));
  const refused = [...content.querySelectorAll("[data-failure]")].filter((each) => !known.has(each.dataset.failure));
  return [
    ...lights
      .filter((light) => before(light.dataset.light) !== "done")
      .map((light) => `${light.querySelector(".what").textContent}: done.`),
    ...refused.slice(0, 1).map((each) => `A request was refused: ${each.querySelector(".what").textContent}`),
  ];
}

function say(text) {
  at("status").textContent = "";
  requestAnimationFrame(() => { at("status").textContent = text; });
}

function warn(nodes, canRetry) {
  const text = nodes.map((node) => node.textContent).join("\n");
  at("retry").hidden = !canRetry;
  if (!at("banner").hidden && at("banner").dataset.text === text) return;
  at("banner").dataset.text = text;
  at("banner-text").replaceChildren(...nodes);
  at("banner").hidden = false;
}

function hideBanner() {
  if (at("banner").contains(document.activeElement)) at("title").focus();
  at("banner").hidden = true;
}

// --- What a person does ------------------------------------------------------------

async function reveal() {
  at("ask").close();
  at("show-key").disabled = true;
  const answer = await call("reveal", {});
  const box = at("key");
  if (answer.status === 200 && answer.content) {
    keyBox = box;
    box.replaceChildren(...answer.content.childNodes);
    say("The Connector Key is shown.");
  } else if (answer.content) {
    for (const note of box.querySelectorAll(".note")) note.remove();
    box.prepend(...answer.content.childNodes);
  } else {
    take(answer);
  }
  if (at("show-key")) at("show-key").disabled = false;
  box.focus({ preventScroll: true });
  refresh();
}

async function copy(button) {
  const value = at(button.dataset.copy);
  const note = button.nextElementSibling;
  try {
    await navigator.clipboard.writeText(value.textContent);
    note.textContent = "Copied";
    say(`${button.dataset.name}: copied.`);
  } catch {
    getSelection().selectAllChildren(value);
    note.textContent = "Selected. Press Ctrl+C or Command+C.";
    say(`This browser does not allow copying. ${button.dataset.name} is selected: press Ctrl+C or Command+C.`);
  }
  setTimeout(() => { note.textContent = ""; }, 6 * SECOND);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  lastChange = Date.now();
  if (button.dataset.copy) copy(button);
  else if (button.id === "show-key") at("ask").showModal();
  else if (button.id === "ask-no") at("ask").close();
  else if (button.id === "ask-yes") reveal();
  else if (button.id === "retry") refresh();
});

document.addEventListener("change", ({ target }) => {
  lastChange = Date.now();
  if (target.name === "idp") refresh("choose", { idp: target.value });
});

document.addEventListener("visibilitychange", () => {
  if (!token || over) return;
  if (document.hidden) clearTimeout(timer);
  else refresh();
});

addEventListener("hashchange", () => location.reload());

if (token) {
  at("setup").setAttribute("aria-busy", "true");
  at("setup").replaceChildren(...copyOf("loading"));
  refresh();
} else {
  at("setup").replaceChildren(...copyOf("no-link"));
}
