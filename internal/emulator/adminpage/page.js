"use strict";

// The page builds its requests from the API profile in the document.
const profile = JSON.parse(document.getElementById("profile").textContent);
const { calls, csrf } = profile;
const body = document.body;
const { path: pagePath, prefix, scheme } = body.dataset;
const byId = (id) => document.getElementById(id);

let consumers = []; // {key, name, approved, keep}
let knownToken = "";
let idToken = ""; // for calls with a token
const secrets = new Map(); // by key: what has been typed here, for calls that send it again

// ---- Requests

const pointerTokens = (pointer) => pointer.split("/").slice(1).map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
const lookup = (value, pointer) => pointerTokens(pointer).reduce((inner, token) => inner?.[token], value);
const unescapedSegments = (path) => path.replace(/\/+$/, "").split("/").map(decodeURIComponent);
const lastSegment = (text) => unescapedSegments(new URL(text, location.href).pathname).pop();
const escapeSegment = (text) => (/^\.+$/.test(text) ? text.replaceAll(".", "%2E") : encodeURIComponent(text));
const present = (value) => value !== undefined && value !== null;
const isPlaceholder = (template) => typeof template === "string" && /^\{(key|key:number|name|secret|approved|csrf|keep\..*)\}$/.test(template);
const has = (call, placeholder) => JSON.stringify([profile.headers, call.query, call.headers, call.form, call.json]).includes(placeholder);

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
  if (found === undefined) return "";
  const value = found.slice(name.length + 1);
  return csrf.decode ? decodeURIComponent(value) : value;
}

// token returns the CSRF token, and gets it first if need be.
async function token(renew) {
  const known = csrf.from === "cookie" ? cookie(csrf.name) : knownToken;
  if ((known && !renew) || !csrf.path) return known;
  const response = await fetch(prefix + csrf.path, { headers: authorization() });
  if (csrf.from === "cookie") return cookie(csrf.name);
  if (csrf.from === "header") knownToken = response.headers.get(csrf.name);
  if (csrf.from === "body") knownToken = lookup(await response.json(), csrf.pointer);
  if (csrf.from === "page") {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const name = CSS.escape(csrf.name);
    knownToken = page.querySelector(`meta[name=${name}]`)?.content ?? page.querySelector(`input[name=${name}]`)?.value;
  }
  return knownToken;
}

// authorization are the headers of a call with a token.
const authorization = () => (scheme ? { Authorization: `${scheme} ${idToken}` } : {});

// fill puts values in the place of placeholders. Each one must have a value.
function fill(template, values) {
  if (isPlaceholder(template)) {
    const value = values[template.slice(1, -1)];
    if (value === undefined) {
      throw new Error(template === "{secret}" ? "The server wants the secret with each change. Enter it as well." : `There is no value for ${template}.`);
    }
    return value;
  }
  if (Array.isArray(template)) return template.map((element) => fill(element, values));
  if (template === null || typeof template !== "object") return template;
  return Object.fromEntries(Object.entries(template).map(([name, inner]) => [name, fill(inner, values)]));
}

// valuesOf are the values of the placeholders of a call.
function valuesOf(call, one, csrfToken) {
  const values = { key: one.key, "key:number": Number(one.key), name: one.name, secret: one.secret, csrf: csrfToken };
  if (present(one.approved) && has(call, "{approved}")) {
    const [yes, no] = call.approved ? [call.approved.yes, call.approved.no] : [profile.approved.yes[0], profile.approved.no[0]];
    values.approved = one.approved ? yes : no;
  }
  for (const [name, value] of Object.entries(one.keep ?? {})) values[`keep.${name}`] = value;
  return values;
}

// send sends one call about a consumer. It tries again once if the token has become
// invalid.
async function send(name, one, target, retry = true) {
  const call = calls[name];
  const csrfToken = has(call, "{csrf}") ? await token(!retry) : "";
  const values = valuesOf(call, one, csrfToken);
  // The browser itself says where a request comes from.
  const sent = Object.entries({ ...profile.headers, ...call.headers }).filter(([, value]) => value !== "{origin}");
  const options = { method: call.method, headers: { ...fill(Object.fromEntries(sent), values), ...authorization() }, credentials: "same-origin" };
  if (call.json !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(fill(call.json, values));
  } else if (call.form) {
    options.body = new URLSearchParams(fill(call.form, values));
  }
  const path = (template) => prefix + template.split("/").map((segment) => (isPlaceholder(segment) ? escapeSegment(String(fill(segment, values))) : segment)).join("/");
  const query = new URLSearchParams({ ...fill(call.query ?? {}, values), ...target?.query }).toString();
  const response = await fetch(target?.url ?? path(call.path) + (query && "?" + query), options);
  if (csrf?.from === "header" && response.headers.has(csrf.name)) knownToken = response.headers.get(csrf.name);
  if (response.status === 401 && scheme && retry) {
    await getToken();
    return send(name, one, target, false);
  }
  if (response.status === 403 && csrfToken && retry) return send(name, one, target, false);
  if (response.redirected) {
    if (!call.redirect || !leadsTo(response.url, path(call.redirect.replaceAll("{key}", one.key ? "{key}" : "*")))) {
      throw new Error("The server refuses the change: it redirects to " + new URL(response.url).pathname);
    }
  } else if (!response.ok) {
    throw new Error(`The server answers ${response.status}: ${(await response.text()).slice(0, 200)}`);
  }
  for (const [pointer, literal] of Object.entries(call.expect ?? {})) {
    const content = await response.clone().json();
    if (lookup(content, pointer) !== literal) throw new Error("The server refuses: " + JSON.stringify(content).slice(0, 200));
  }
  return response;
}

// leadsTo compares an address with a path, in which * is any key.
function leadsTo(url, path) {
  const got = unescapedSegments(new URL(url).pathname);
  const want = path.split("/");
  return got.length === want.length && want.every((segment, i) => (segment === "*" ? got[i] !== "" : decodeURIComponent(segment) === got[i]));
}

// ---- The list

// consumer reads a consumer. member is the name of the member that it is.
function consumer(shape, item, member) {
  const key = shape.key === undefined ? member : lookup(item, shape.key);
  const one = {
    key: present(key) ? (shape.key_is_last_segment ? lastSegment(String(key)) : String(key)) : undefined,
    name: shape.name === undefined ? undefined : lookup(item, shape.name),
    approved: shape.approved === undefined ? undefined : profile.approved.yes.includes(lookup(item, shape.approved) ?? null),
    keep: {},
  };
  for (const [name, pointer] of Object.entries(profile.keep ?? {})) one.keep[name] = lookup(item, pointer);
  return one;
}

// consumersOf reads one page of the list. Its length counts the items of all kinds.
function consumersOf(content) {
  const shape = calls.list.response;
  const items = shape.items ?? "";
  const places = typeof items === "string" ? [{ at: items }] : [{ at: items.yes, approved: true }, { at: items.no, approved: false }];
  const found = [];
  let length = 0;
  for (const { at, approved } of places) {
    for (const [member, item] of Object.entries(lookup(content, at))) {
      length++;
      if (Object.entries(shape.only ?? {}).some(([pointer, literal]) => lookup(item, pointer) !== literal)) continue;
      const one = consumer(shape, item, shape.key_is_member ? member : undefined);
      found.push(approved === undefined ? one : { ...one, approved });
    }
  }
  return { found, length };
}

// pageAfter returns where the page with this number is, from 0, after so many items,
// if there is one.
function pageAfter(response, content, number, items, length) {
  const { pages } = calls.list;
  const at = (value) => ({ query: { [pages.parameter]: value } });
  const pointed = pages.pointer === undefined ? undefined : lookup(content, pages.pointer);
  const total = pages.total === undefined ? undefined : lookup(content, pages.total);
  switch (pages.by) {
    case "link": {
      const url = response.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
      return url && { url };
    }
    case "next":
      return pointed ? { url: pointed } : undefined;
    case "cursor":
      return pointed ? at(pointed) : undefined;
    case "number":
    case "offset":
      if (length === 0 || (present(total) && items >= total)) return undefined;
      return at(pages.by === "number" ? (pages.first ?? 0) + number : items);
    default:
      return undefined;
  }
}

async function load() {
  if (!calls.list) return;
  const { by, parameter, first } = calls.list.pages;
  const all = [];
  let items = 0;
  let target = by === "number" || by === "offset" ? { query: { [parameter]: first ?? 0 } } : {};
  for (let number = 1; target; number++) {
    const response = await send("list", {}, target);
    const content = await response.json();
    const { found, length } = consumersOf(content);
    all.push(...found);
    items += length;
    target = pageAfter(response, content, number, items, length);
  }
  for (const one of all) {
    if (present(one.name) && one.approved !== undefined && Object.values(one.keep).every(present)) continue;
    const read = consumer(calls.read.response, await (await send("read", one)).json());
    Object.assign(one, read, { key: one.key });
  }
  consumers = all.sort((a, b) => a.name.localeCompare(b.name) || a.key.localeCompare(b.key));
  show();
}

// ---- Changes

async function register(name, secret) {
  const before = new Set(consumers.map((one) => one.key));
  const response = await send("register", { name, secret, approved: false });
  if (!calls.list) {
    consumers.push({ key: await keyIn(response), name });
    show();
    return;
  }
  await load();
  for (const one of consumers) if (!before.has(one.key)) secrets.set(one.key, secret);
}

// keyIn is the key in the response to a registration, if it has one.
async function keyIn(response) {
  const shape = calls.register.response ?? {};
  if (shape.format === "text") return (await response.text()).trim();
  const key = shape.key_header ? response.headers.get(shape.key_header) : shape.key !== undefined && lookup(await response.json(), shape.key);
  return shape.key_is_last_segment ? lastSegment(String(key)) : String(key || "unknown");
}

// change sends one call with what changes, and what it carries.
async function change(name, one, changed) {
  await send(name, { ...one, secret: secrets.get(one.key), ...changed });
  if (changed.secret) secrets.set(one.key, changed.secret);
  await load();
}

async function edit(name, one, form) {
  const changed = {};
  if (form.name !== undefined) changed.name = form.name;
  if (form.secret) changed.secret = form.secret;
  await change(name, one, changed);
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
    const approval = one.approved ? "disapprove" : "approve";
    const text = one.approved ? "Disapprove" : "Approve";
    if (calls[approval]) actions.append(button(approval, text, () => run(() => change(approval, one, { approved: !one.approved }))));
    if (calls.rename) actions.append(button("rename", "Rename", () => open("rename", { name: one.name }, (form) => edit("rename", one, form))));
    if (calls.set_secret) actions.append(button("set-secret", "Change secret", () => open("secret", {}, (form) => edit("set_secret", one, form))));
    if (calls.edit && !(calls.rename && calls.set_secret)) {
      actions.append(button("edit", "Edit", () => open("edit", { name: one.name }, (form) => edit("edit", one, form))));
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
  const { signOut: address, signOutMethod: method, platform } = body.dataset;
  if (platform === "false" || (method !== "GET" && method !== "POST")) {
    const response = await fetch(address, { method });
    if (!response.ok) throw new Error(`Unable to sign out: the server answers ${response.status}.`);
    location.reload();
  } else if (method === "GET") {
    location.assign(address);
  } else {
    const form = document.createElement("form");
    Object.assign(form, { method, action: address });
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
