// What all pages share: elements, calls of this server, copying, and a word to screen readers.
const gone = document.getElementById("gone");
const said = document.getElementById("said");

/** Make an element. Texts are texts, never HTML: what is shown comes from users and identity providers. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

/** Say something to a screen reader, politely. */
export function say(text) {
  said.textContent = "";
  setTimeout(() => { said.textContent = text; }, 50);
}

function serverIsGone(isGone) {
  if (isGone === !gone.hidden) return;
  gone.hidden = !isGone;
  gone.textContent = isGone ? "The server does not answer. Start it again with make run. This page then continues." : "";
}

export class Refused extends Error {}

/** Call a data address of this server. Throws Refused with the server's reason, and shows a banner while it is away. */
export async function call(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "X-Rollcall-Page": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    serverIsGone(true);
    throw error;
  }
  serverIsGone(false);
  if (!answer.ok) throw new Refused((await answer.json().catch(() => ({}))).detail ?? `The server answered ${answer.status}.`);
  return answer.json();
}

/** Call `work` again and again, with a pause after each end; rarely while the page is hidden. */
export function keep(work, milliseconds = 1000) {
  const again = async () => {
    try { await work(); } catch { /* the banner says so */ }
    setTimeout(again, document.hidden ? milliseconds * 5 : milliseconds);
  };
  again();
}

/** A button that copies a text. */
export function copyButton(label, text) {
  const button = el("button", { type: "button", class: "quiet" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(await text());
      button.textContent = "Copied";
      say("Copied");
    } catch {
      button.textContent = "Not copied: the browser does not allow it";
      say("Not copied");
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  return button;
}

/** The time of day of an instant, in this computer's zone. */
export function clock(instant) {
  return new Date(instant).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** JSON with indents, if it is whole JSON; any other text as it is. */
export function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

export function counted(number, noun) { return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`; }

/** Names and values, without those that have none. */
export function facts(pairs) {
  const list = el("dl", { class: "facts" });
  for (const [name, value] of pairs) if (value !== null && value !== undefined && value !== "") list.append(el("dt", {}, name), el("dd", {}, value));
  return list;
}

/** A block of JSON that the keyboard can scroll. */
export function block(title, text) {
  return el("div", {}, el("h2", { class: "small-title" }, title), el("pre", { tabindex: "0", role: "group", "aria-label": title }, text));
}

/** Keep the choices of a form in the address, so that it can be shared and survives a reload. */
export function inAddress(values) {
  const wanted = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  history.replaceState(null, "", wanted.size ? `?${wanted}` : location.pathname);
}

/** Fill a choice of accounts, and keep what was chosen. */
export function offerAccounts(select, names, chosen = select.value) {
  const all = [...new Set([...names, chosen])].filter(Boolean).sort(new Intl.Collator("en", { numeric: true }).compare);
  const now = [...select.options].map((one) => one.value).filter(Boolean);
  if (all.join() !== now.join()) {
    for (const option of [...select.options]) if (option.value) option.remove();
    for (const name of all) select.append(el("option", { value: name }, name));
  }
  if (chosen) select.value = chosen;
}
