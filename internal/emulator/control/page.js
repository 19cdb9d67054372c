"use strict";

const byId = (id) => document.getElementById(id);
const shownRequests = 25;

// call sends a request to the API and shows what goes wrong.
async function call(method, path, value) {
  const options = { method };
  if (value !== undefined) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
  const response = await fetch(path, options);
  const content = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(content.message);
  return content;
}

async function run(action) {
  const message = byId("message");
  message.hidden = true;
  try {
    await action();
    await load();
  } catch (error) {
    message.textContent = error.message;
    message.hidden = false;
  }
}

// fill shows rows of texts and elements in a table.
function fill(id, rows) {
  byId(id).tBodies[0].replaceChildren(...rows.map(({ cells, className = "" }) => {
    const row = document.createElement("tr");
    row.className = className;
    for (const content of cells) row.insertCell().append(...[content].flat());
    return row;
  }));
}

function element(name, text, click) {
  const made = document.createElement(name);
  made.textContent = text;
  if (click) made.addEventListener("click", () => run(click));
  return made;
}

function consumerRow({ key, name, approved }) {
  // Dots alone are not a segment of a path.
  const path = "/consumers/" + encodeURIComponent(key).replaceAll(".", "%2E");
  const ask = (question, text, member) => async () => {
    const value = prompt(question, text);
    if (value) await call("PATCH", path, { [member]: value });
  };
  return {
    className: approved ? "approved" : "disapproved",
    cells: [name, element("code", key), approved ? "Approved" : "Not approved", [
      element("button", approved ? "Disapprove" : "Approve", () => call("PATCH", path, { approved: !approved })), " ",
      element("button", "Rename", ask("Consumer name", name, "name")), " ",
      element("button", "Change secret", ask("New consumer secret", "", "secret")), " ",
      element("button", "Remove", () => confirm(`Remove ${name}?`) && call("DELETE", path)),
    ]],
  };
}

async function load() {
  const [consumers, status, requests] = await Promise.all(["/consumers", "/status", "/requests"].map((path) => call("GET", path)));
  const time = (text) => new Date(text).toLocaleTimeString();
  byId("rest").textContent = "REST API " + status.rest;
  byId("web-app").textContent = "Web Application Platform " + status.webApp;
  byId("admin-page").href = status.adminPage;
  byId("seats").textContent = `${status.sessions.length} of ${status.seats || "unlimited"} seats taken, ${status.logins} logins, ${status.logouts} logouts`;
  byId("pending").textContent = `${status.pendingFaults} pending`;
  byId("total").textContent = `the latest of ${requests.length}`;
  const kinds = byId("fault").elements.kind;
  if (kinds.length === 0) kinds.append(...status.faultKinds.map((kind) => element("option", kind)));
  fill("consumers", consumers.map(consumerRow));
  fill("sessions", [...status.sessions, ...status.platformSessions].map((one) => ({
    cells: [String(one.number), one.application ? "/" + one.application : "REST API", one.user, time(one.opened), time(one.lastUsed)],
  })));
  fill("requests", requests.reverse().slice(0, shownRequests).map((one) => ({
    cells: [String(one.index), one.server, one.method, element("code", one.path), (one.status || "none") + (one.fault ? ` (${one.fault})` : "")],
  })));
}

function submit(id, action) {
  const form = byId(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    run(async () => {
      await action(values);
      form.reset();
    });
  });
}

submit("register", (values) => call("POST", "/consumers", values));
submit("fault", (values) => call("POST", "/faults", values));
byId("expire").addEventListener("click", () => run(() => call("DELETE", "/sessions")));
byId("expire-applications").addEventListener("click", () => run(() => call("DELETE", "/sessions/applications")));
byId("clear").addEventListener("click", () => run(() => call("DELETE", "/faults")));
run(load);
setInterval(() => load().catch(() => {}), 2000);
