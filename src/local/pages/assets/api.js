import { call, offerAccounts, say } from "/assets/workbench.js";

const at = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Send the key of the field with each request of "Try it out". It stays in the field: Swagger UI neither has nor shows it. */
function withKey(request) {
  // As bytes of UTF-8, as curl sends them: a browser refuses to send other letters in a header.
  const key = String.fromCharCode(...new TextEncoder().encode(at("key").value.trim()));
  const url = new URL(request.url, location.href);
  if (key && url.origin === location.origin && url.pathname !== "/openapi.json") request.headers.Authorization = `Bearer ${key}`;
  return request;
}

function quoted(text) { return `'${text.replaceAll("'", "'\\''")}'`; }

/** The request as a command to copy, as on the page Requests: with the key as $KEY. */
function asCurl(request) {
  const body = request.get("body");
  const text = typeof body === "string" || !body ? body : JSON.stringify(body);
  return [
    `curl -i -X ${request.get("method")} ${quoted(request.get("url"))}`,
    '-H "Authorization: Bearer $KEY"',
    ...(request.get("headers")?.entrySeq().toArray() ?? []).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(text ? [`--data-binary ${quoted(text)}`] : []),
  ].join(" \\\n  ");
}

/** What this page shows of Swagger UI: operations and schemas. Title, server and key are in the page itself. */
function shownHere({ React }) {
  const make = React.createElement;
  const nothing = () => () => null;
  return {
    components: {
      RollcallLayout: ({ getComponent }) => make("div", { className: "swagger-ui" },
        make(getComponent("errors", true)), make(getComponent("operations", true)), make(getComponent("Models", true))),
    },
    wrapComponents: {
      authorizeBtn: nothing,
      authorizeOperationBtn: nothing,
      curl: () => ({ request }) => make("div", { className: "curl-command" },
        make("h4", {}, "Curl"), make("pre", { className: "curl microlight" }, asCurl(request))),
      // Without a link inside of the button that opens the operation.
      DeepLink: () => ({ text }) => make("span", {}, text),
    },
  };
}

/** Name what Swagger UI leaves without a name, and let the keyboard scroll what scrolls. */
function named() {
  for (const field of at("swagger").querySelectorAll(":is(input, select, textarea):not([aria-label])")) {
    const parameter = field.closest("[data-param-name]")?.dataset.paramName;
    if (parameter) field.setAttribute("aria-label", parameter);
    else if (field.matches(".body-param__text")) field.setAttribute("aria-label", "Request body");
    else if (field.matches(".examples-select-element")) field.setAttribute("aria-label", "Example");
  }
  for (const block of at("swagger").querySelectorAll("pre:not([tabindex])")) block.tabIndex = 0;
  for (const table of at("swagger").querySelectorAll("table[role=region]:not([aria-label])")) table.setAttribute("aria-label", `Answers of ${table.id}`);
}

function inColours() { document.documentElement.classList.toggle("dark-mode", dark.matches); }

dark.addEventListener("change", inColours);
inColours();
new MutationObserver(named).observe(at("swagger"), { childList: true, subtree: true });
window.SwaggerUIBundle({
  url: "/openapi.json",
  domNode: at("swagger"),
  layout: "RollcallLayout",
  plugins: [shownHere],
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: withKey,
  showMutatedRequest: false,
});

function problem(text) {
  at("problem").hidden = !text;
  at("problem").textContent = text ?? "";
}

at("use").addEventListener("click", async () => {
  problem("");
  try {
    at("key").value = (await call("/data/key", { account: at("account").value })).key;
    say("The key is entered.");
  } catch (error) { problem(error.message); }
});

async function offer() {
  offerAccounts(at("account"), await call("/data/accounts"), "default");
  at("use").disabled = false;
}
offer().catch((error) => problem(error.message));
