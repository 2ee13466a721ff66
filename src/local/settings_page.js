// Plays the dashboard's part: a click on what stands before a cwdb-action calls the function with the action's JSON.
const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
const widget = document.getElementById("widget");
const dialog = document.getElementById("dialog");
const text = document.getElementById("text");
const yes = document.getElementById("yes");
const no = document.getElementById("no");

function show(fill, question) {
  fill(text);
  no.hidden = !question;
  dialog.showModal();
  return new Promise((resolve) => {
    yes.onclick = () => { dialog.close(); resolve(true); };
    no.onclick = () => { dialog.close(); resolve(false); };
    dialog.oncancel = () => resolve(false);
  });
}

async function call(parameters) {
  const forms = { all: Object.fromEntries([...widget.querySelectorAll("input[name]")].map((i) => [i.name, i.value])) };
  const answer = await fetch("/settings", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Rollcall-Settings": "1" },
    body: JSON.stringify({ ...parameters, widgetContext: { forms, theme } }),
  });
  return answer.text();
}

async function refresh(parameters) {
  widget.innerHTML = await call(parameters);
  for (const action of widget.querySelectorAll("cwdb-action")) {
    const parameters = JSON.parse(action.textContent);
    action.hidden = true;
    action.previousElementSibling.onclick = async (event) => {
      event.preventDefault();
      const question = action.getAttribute("confirmation");
      if (question && !(await show((at) => { at.textContent = question; }, true))) return;
      if (action.getAttribute("display") !== "popup") return refresh(parameters);
      const html = await call(parameters);
      await show((at) => { at.innerHTML = html; }, false);
      return refresh({});
    };
  }
}
widget.addEventListener("submit", (event) => event.preventDefault());
refresh({});
