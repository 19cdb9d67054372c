"use strict";

// The page builds its requests from the API profile in the document.
const profile = JSON.parse(document.getElementById("profile").textContent);
const { calls, csrf } = profile;
const body = document.body;
const { path: pagePath, prefix, scheme } = body.dataset;
const byId = (id) => document.getElementById(id);

let consumers = []; // {key, name, approved}
let headerToken = "";
let idToken = ""; // for calls with a token
const secrets = new Map(); // by key: what has been typed here, for calls that send it again

// ---- Requests

const pointerTokens = (pointer) => pointer.split("/").slice(1).map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
const lookup = (value, pointer) => pointerTokens(pointer).reduce((inner, token) => inner?.[token], value);
const lastSegment = (text) => decodeURIComponent(new URL(text, location.href).pathname.replace(/\/+$/, "").split("/").pop());
const present = (value) => value !== undefined && value !== null;

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
  return found === undefined ? "" : found.slice(name.length + 1);
}

// token returns the CSRF token, and gets it first if need be.
async function token(renew) {
  if (!csrf) return "";
  const known = csrf.from === "cookie" ? cookie(csrf.name) : headerToken;
  if (known && !renew) return known;
  if (csrf.path) {
    const response = await fetch(prefix + csrf.path, { headers: headers({}, "") });
    if (csrf.from === "header") headerToken = response.headers.get(csrf.name);
    if (csrf.from === "body") headerToken = lookup(await response.json(), csrf.pointer);
  } else if (csrf.from === "header") {
    await send("list", {});
  }
  return csrf.from === "cookie" ? cookie(csrf.name) : headerToken;
}

// headers leaves out those that the browser sets itself.
function headers(call, csrfToken) {
  const all = scheme ? { Authorization: `${scheme} ${idToken}` } : {};
  for (const [name, value] of Object.entries({ ...profile.headers, ...call.headers })) {
    if (value === "{origin}" || (value === "{csrf}" && !csrfToken)) continue;
    all[name] = value === "{csrf}" ? csrfToken : value;
  }
  return all;
}

// fill puts values in the place of placeholders. Members whose value is not given
// are left out.
function fill(template, values) {
  if (typeof template === "string" && /^\{(key|name|secret|approved|csrf)\}$/.test(template)) return values[template.slice(1, -1)];
  if (Array.isArray(template)) return template.map((element) => fill(element, values));
  if (template === null || typeof template !== "object") return template;
  const members = Object.entries(template).map(([name, inner]) => [name, fill(inner, values)]).filter(([name, value]) => {
    const emptied = value !== null && typeof value === "object" && Object.keys(value).length === 0 && Object.keys(template[name]).length > 0;
    return value !== undefined && !emptied;
  });
  return Object.fromEntries(members);
}

// send sends one call. It tries again once if the token has become invalid.
async function send(name, values, target, retry = true) {
  const call = calls[name];
  const changes = name !== "list" && name !== "read";
  const csrfToken = changes ? await token(false) : "";
  const options = { method: call.method, headers: headers(call, csrfToken), credentials: "same-origin" };
  const filled = { ...values, csrf: csrfToken };
  if (present(values.approved)) {
    const as = call.approved_as ?? { yes: profile.approved.yes[0], no: profile.approved.no[0] };
    filled.approved = values.approved ? as.yes : as.no;
  }
  if (call.json !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(fill(call.json, filled));
  } else if (call.form) {
    options.body = new URLSearchParams(fill(call.form, filled));
  }
  const query = new URLSearchParams(fill(call.query ?? {}, filled)).toString();
  const path = call.path.split("/").map((segment) => (segment === "{key}" ? encodeURIComponent(values.key) : segment)).join("/");
  const response = await fetch(target ?? prefix + path + (query && "?" + query), options);
  if (csrf?.from === "header" && response.headers.has(csrf.name)) headerToken = response.headers.get(csrf.name);
  if (response.status === 401 && scheme && retry) {
    await getToken();
    return send(name, values, target, false);
  }
  if (response.status === 403 && changes && csrf && retry) {
    await token(true);
    return send(name, values, target, false);
  }
  if (!response.ok && !call.success.includes(response.status)) {
    throw new Error(`The server answers ${response.status}: ${(await response.text()).slice(0, 200)}`);
  }
  return response;
}

// ---- The list

function consumer(answer, item, member) {
  const key = answer.key === undefined ? member : lookup(item, answer.key);
  return {
    key: present(key) ? (answer.key_is_last_segment ? lastSegment(String(key)) : String(key)) : undefined,
    name: answer.name === undefined ? undefined : lookup(item, answer.name),
    approved: answer.approved === undefined ? undefined : profile.approved.yes.includes(lookup(item, answer.approved) ?? null),
  };
}

// nextPage returns where the page after this one is, if there is one.
function nextPage(response, content, count, number) {
  const { pages, path, query } = calls.list;
  const at = (value) => prefix + path + "?" + new URLSearchParams({ ...query, [pages.parameter]: value });
  const total = pages?.total === undefined ? undefined : lookup(content, pages.total);
  switch (pages?.by) {
    case "link":
      return response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
    case "next":
      return lookup(content, pages.pointer);
    case "cursor": {
      const cursor = lookup(content, pages.pointer);
      return present(cursor) ? at(cursor) : undefined;
    }
    case "number":
    case "offset":
      if (count.page === 0 || (present(total) && count.all >= total)) return undefined;
      return at(pages.by === "number" ? (pages.first ?? 0) + number : count.all);
    default:
      return undefined;
  }
}

async function load() {
  const answer = calls.list.answer;
  const found = [];
  let target;
  for (let number = 1; ; number++) {
    const response = await send("list", {}, target);
    const content = await response.json();
    const items = lookup(content, answer.items ?? "") ?? [];
    for (const [member, item] of Object.entries(items)) found.push(consumer(answer, item, member));
    target = nextPage(response, content, { page: Object.keys(items).length, all: found.length }, number);
    if (!present(target)) break;
  }
  for (const one of found) {
    if (one.name !== undefined && one.approved !== undefined) continue;
    const read = await (await send("read", one)).json();
    Object.assign(one, consumer(calls.read.answer, read), { key: one.key });
  }
  consumers = found.sort((a, b) => a.name.localeCompare(b.name) || a.key.localeCompare(b.key));
  show();
}

// ---- Changes

async function register(name, secret) {
  const before = new Set(consumers.map((one) => one.key));
  await send("register", { name, secret, approved: false });
  await load();
  for (const one of consumers) if (!before.has(one.key)) secrets.set(one.key, secret);
}

// change sends one call with what changes, and what it sends in any case.
async function change(name, one, changed) {
  const call = calls[name];
  const values = { key: one.key, ...changed };
  if (call.unchanged === "send") {
    values.name ??= one.name;
    values.approved ??= one.approved;
  }
  if (values.secret === undefined && call.unchanged_secret === "empty") values.secret = "";
  if (values.secret === undefined && call.unchanged_secret === "send") {
    values.secret = secrets.get(one.key);
    if (values.secret === undefined) throw new Error("The server wants the secret with each change. Enter it in the edit dialog.");
  }
  await send(name, values);
  if (changed.secret) secrets.set(one.key, changed.secret);
}

async function approve(one, approved) {
  const name = approved ? "approve" : "disapprove";
  await change(calls[name] ? name : "update", one, { approved });
  await load();
}

async function edit(one, form) {
  const changed = {};
  if (form.name !== undefined && form.name !== one.name) changed.name = form.name;
  if (form.secret) changed.secret = form.secret;
  if (changed.name !== undefined && calls.rename) await change("rename", one, changed);
  else if (changed.secret && calls.set_secret) await change("set_secret", one, changed);
  else if (Object.keys(changed).length > 0) await change("update", one, changed);
  await load();
}

async function remove(one) {
  await send("remove", one);
  secrets.delete(one.key);
  await load();
}

// ---- What the page shows

function button(name, text, click) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.name = name;
  made.textContent = text;
  made.addEventListener("click", click);
  return made;
}

function show() {
  const rows = consumers.map((one) => {
    const row = document.createElement("tr");
    Object.assign(row.dataset, { key: one.key, name: one.name, approved: one.approved });
    row.className = one.approved ? "approved" : "disapproved";
    for (const [name, text] of [["name", one.name], ["key", one.key], ["status", one.approved ? "Approved" : "Not approved"], ["actions", ""]]) {
      const cell = row.insertCell();
      cell.className = name;
      cell.textContent = text;
    }
    const actions = row.cells[3];
    const can = (name, placeholder) => calls[name] || JSON.stringify(calls.update ?? "").includes(placeholder);
    if (one.approved && can("disapprove", "{approved}")) actions.append(button("disapprove", "Disapprove", () => run(() => approve(one, false))));
    if (!one.approved && can("approve", "{approved}")) actions.append(button("approve", "Approve", () => run(() => approve(one, true))));
    if (calls.rename) actions.append(button("rename", "Rename", () => open("rename", { name: one.name }, (form) => edit(one, form))));
    if (calls.set_secret) actions.append(button("set-secret", "Change secret", () => open("secret", {}, (form) => edit(one, form))));
    if (!calls.rename && !calls.set_secret && calls.update) {
      actions.append(button("edit", "Edit", () => open("edit", { name: one.name }, (form) => edit(one, form))));
    }
    if (calls.remove) actions.append(button("remove", "Remove", () => open("remove", {}, () => remove(one))));
    return row;
  });
  byId("consumers").tBodies[0].replaceChildren(...rows);
}

// open shows a dialog and runs an action with its fields when it is submitted.
function open(name, values, action) {
  const dialog = byId(name + "-dialog");
  const form = dialog.querySelector("form");
  form.reset();
  for (const [field, value] of Object.entries(values)) form.elements[field].value = value;
  form.onsubmit = (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    dialog.close();
    run(async () => {
      if (fields.secret !== fields.again) throw new Error("The two secrets are not the same.");
      await action(fields);
    });
  };
  dialog.querySelector(".cancel").onclick = () => dialog.close();
  dialog.showModal();
}

// run runs one action at a time and shows what goes wrong.
async function run(action) {
  if (body.dataset.state === "busy") return;
  const state = body.dataset.state;
  const message = byId("message");
  body.dataset.state = "busy";
  message.hidden = true;
  try {
    await action();
    body.dataset.state = "ready";
  } catch (error) {
    message.textContent = error.message;
    message.hidden = false;
    body.dataset.state = state;
  }
  body.dataset.done = Number(body.dataset.done) + 1;
}

async function signIn(username, password) {
  const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)));
  const response = await fetch(prefix + body.dataset.signIn, { headers: { Authorization: "Basic " + credentials } });
  if (!response.ok) throw new Error(`Unable to sign in: the server answers ${response.status}.`);
  byId("password").value = "";
  byId("sign-in-form").hidden = true;
  await enter();
}

async function enter() {
  byId("administration").hidden = false;
  byId("sign-out").hidden = false;
  await load();
}

// begin gets what the calls on the platform need: a session of each application, or a
// token.
async function begin() {
  for (const path of body.dataset.starts.trim().split(" ").filter(Boolean)) await visit(prefix + path);
  if (scheme) await getToken();
  await enter();
}

// visit loads a page of another application, with what its sign-in leads to.
function visit(path) {
  return new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.addEventListener("load", () => {
      if (frame.contentWindow.location.pathname !== path) return;
      frame.remove();
      done();
    });
    frame.src = path;
    body.append(frame);
  });
}

async function getToken() {
  const response = await fetch(pagePath + "/token");
  if (!response.ok) throw new Error(`Unable to get a token: the server answers ${response.status}.`);
  idToken = (await response.json()).id_token;
}

async function signOut() {
  const { signOut: path, signOutMethod: method, platform } = body.dataset;
  if (platform === "false" || (method !== "GET" && method !== "POST")) {
    await fetch(prefix + path, { method });
    location.reload();
  } else if (method === "GET") {
    location.assign(prefix + path);
  } else {
    const form = document.createElement("form");
    Object.assign(form, { method, action: prefix + path });
    body.append(form);
    form.submit();
  }
}

async function poll() {
  const response = await fetch(pagePath + "/notifications");
  if (response.ok) byId("server-time").textContent = (await response.json()).serverTime;
}

byId("sign-in-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  run(() => signIn(byId("username").value, byId("password").value));
});
byId("sign-out").addEventListener("click", () => run(signOut));
byId("register").addEventListener("click", () => open("register", {}, (form) => register(form.name, form.secret)));
byId("reload").addEventListener("click", () => run(load));
poll().catch(() => {});
setInterval(() => poll().catch(() => {}), 5000);
if (body.dataset.platform === "true") run(begin);
