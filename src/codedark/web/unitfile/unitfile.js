// A unit's file opens itself: with the key of the unit's card, one patient at a time. It asks nobody, sends nothing,
// keeps nothing. What is sealed is opened by age.js; only pages that came out of it whole are drawn.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const setting = JSON.parse(at("setting").textContent);
  const plate = setting.plate;
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("codedark-file", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const IDLE_MS = 15 * 60 * 1000;
  const SLACK_MS = 2 * 60 * 1000;
  let language = setting.languages.find((code) => navigator.language.toLowerCase().startsWith(code)) || setting.languages[0];
  let opened = null;
  let led = 0;
  let turn = 0;
  let touched = performance.now();

  const word = (name, ...values) => values.reduce((text, value) => text.replace("{}", value), setting.words[language][name]);
  const bytes = (id) => Uint8Array.from(atob(at(id).textContent), (char) => char.charCodeAt(0));
  const hex = (data) => Array.from(age.sha256(data), (byte) => byte.toString(16).padStart(2, "0")).join("");

  // The code of a file as docs/formats/pack-html.md says: 80 bits of a SHA-256, in Crockford's base 32.
  function code() {
    const digest = age.sha256(new TextEncoder().encode(hex(bytes("index")))).slice(0, 10);
    let number = 0n;
    for (const byte of digest) number = number << 8n | BigInt(byte);
    let text = "";
    for (let place = 15n; place >= 0n; place -= 1n) {
      text += "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number(number >> 5n * place & 31n)];
      if (place % 4n === 0n && place > 0n) text += " ";
    }
    return text;
  }

  async function unpacked(data) {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).text();
  }

  function drawn(text) {
    const box = document.createElement("template");
    box.innerHTML = policy.createHTML(text);
    return box.content;
  }

  // ---- the clock: ages are told by this device's clock, and only while it can be right
  function clockHolds() {
    return Date.now() >= plate.made - SLACK_MS && (!opened || opened.index.trusted);
  }

  function span(ms) {
    const minutes = Math.floor(ms / 60000), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (days) return `${days} d ${hours % 24} h`;
    return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  }

  function tellTime() {
    const behind = Date.now() < plate.made - SLACK_MS;
    const then = opened && !opened.index.trusted;
    at("clock").hidden = !behind && !then;
    at("clock").textContent = behind ? `■ ${word("clock_behind")}` : then ? `■ ${word("clock_then")}` : "";
    const old = !behind && Date.now() > plate.until;
    at("old").hidden = !old;
    at("old").textContent = old ? `■ ${word("expired", setting.times[language][1])}` : "";
    const age = document.querySelector("#state [data-age]");
    if (age && opened.index.asof !== null)
      age.textContent = clockHolds() ? word("age", span(Date.now() - opened.index.asof)) : word("age_unknown");
  }

  // ---- words
  function speak() {
    document.documentElement.lang = language;
    for (const each of document.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
    for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", word(each.dataset.label));
    for (const each of document.querySelectorAll("[data-code]")) each.textContent = code();
    const others = setting.languages.filter((each) => each !== language);
    at("tongues").replaceChildren(...others.map((each) => {
      const button = document.createElement("button");
      button.type = "button"; button.className = "quiet"; button.lang = each;
      button.textContent = new Intl.DisplayNames([each], { type: "language" }).of(each);
      button.addEventListener("click", () => { language = each; speak(); if (opened) show(); });
      return button;
    }));
    if (opened) at("state").replaceChildren(drawn(opened.index.state[language]));
    else if (at("made")) at("made").textContent = word("made", ...setting.times[language]);
    tellTime();
  }

  // ---- refusals: nothing is shown, and where the next copy is
  function refuse(name) {
    at("refused").replaceChildren(...[name, "next_copy"].map((each, place) => {
      const line = document.createElement("p");
      line.textContent = (place ? "" : "■ ") + word(each);
      return line;
    }));
    at("refused").hidden = false;
  }

  function identity(typed) {
    const key = typed.toUpperCase().replace(/[\s\u00a0]+/g, "");
    const opener = new age.Decrypter();
    opener.addIdentity(key); // throws when a character is wrong: the key has a checksum
    return opener;
  }

  async function open(typed) {
    at("refused").hidden = true;
    let opener, index;
    try { opener = identity(typed); } catch { return refuse("typed_wrongly"); }
    try { index = JSON.parse(await unpacked(await opener.decrypt(bytes("index")))); } catch { return refuse("refused"); }
    if (index.v !== 1 || JSON.stringify(ordered(index.plate)) !== JSON.stringify(ordered(plate))) return refuse("altered");
    const damaged = index.patients.map((patient, place) => {
      try { return hex(bytes(`part-${place}`)) !== patient.sha256; } catch { return true; }
    });
    opened = { index, opener, damaged };
    for (const id of ["pages", "search", "deeds", "plate"]) at(id).hidden = false;
    at("entrance").hidden = true;
    location.hash = "#beds";
    speak();
    show();
  }

  const ordered = (value) => Object.keys(value).sort().map((name) => [name, value[name]]);

  // ---- pages
  async function chart(place) {
    const { index, opener, damaged } = opened;
    if (damaged[place]) return null;
    const data = bytes(`part-${place}`);
    if (hex(data) !== index.patients[place].sha256) return null;
    try { return JSON.parse(await unpacked(await opener.decrypt(data)))[language]; } catch { return null; }
  }

  function lost(name) {
    const box = document.createElement("div");
    box.className = "page";
    const fault = box.appendChild(document.createElement("div"));
    fault.className = "fault";
    for (const text of [name, `■ ${word("part_altered")}`, word("next_copy")]) {
      fault.appendChild(document.createElement("p")).textContent = text;
    }
    return box;
  }

  // Links of the ward's pages lead into this file, or nowhere.
  function led_in(content) {
    for (const link of content.querySelectorAll("a[href^='/']")) {
      const id = /^\/chart\/([^/]+)$/.exec(link.getAttribute("href"));
      const place = id ? opened.index.patients.findIndex((patient) => patient.id === id[1]) : -1;
      if (place >= 0) { link.setAttribute("href", `#p${place}`); continue; }
      const text = document.createElement("span");
      text.append(...link.childNodes);
      link.replaceWith(text);
    }
    return content;
  }

  async function page(place) {
    const text = await chart(place);
    return text === null ? lost(opened.index.patients[place].name) : led_in(drawn(text));
  }

  function beds() {
    const content = led_in(drawn(opened.index.beds[language]));
    const count = opened.damaged.filter(Boolean).length;
    if (count) {
      const fault = document.createElement("div");
      fault.className = "fault";
      fault.setAttribute("role", "alert");
      for (const text of [`■ ${word("damaged", count)}`, word("next_copy")]) fault.appendChild(document.createElement("p")).textContent = text;
      content.querySelector(".page").prepend(fault);
    }
    return content;
  }

  // Whoever was asked for last is shown: a chart that took longer to open never stands in another's place.
  async function show() {
    const mine = turn += 1;
    const asked = /^#p(\d+)$/.exec(location.hash);
    const place = asked ? Number(asked[1]) : -1;
    const content = place >= 0 && place < opened.index.patients.length ? await page(place) : beds();
    if (mine !== turn || !opened) return;
    at("print-all").replaceChildren();
    at("view").replaceChildren(content);
    if (place < 0) find(); else at("found").hidden = true;
    at("view").dataset.shown = String(place);
    scrollTo(0, 0);
    at("main").focus({ preventScroll: true });
  }

  const ALIKE = { "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th" };
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[łøđðħıßæœþ]/g, (char) => ALIKE[char]);

  function find() {
    const asked = plain(at("find").value).split(/\s+/).filter(Boolean);
    const hits = opened.index.patients.map((patient) => asked.every((part) => plain(patient.find).includes(part)));
    for (const row of at("view").querySelectorAll("table.beds tbody tr")) {
      const link = row.querySelector("[data-row]");
      row.hidden = asked.length > 0 && !(link && hits[Number(link.getAttribute("href").slice(2))]);
    }
    at("found").hidden = !asked.length;
    at("found").textContent = asked.length ? word("found", hits.filter(Boolean).length) : "";
    return hits;
  }

  // On paper every page says whose it is: a table's head is printed again on each page it runs over.
  function sheet(content, place) {
    const table = document.createElement("table");
    table.className = "sheet";
    table.setAttribute("role", "presentation");
    const head = table.createTHead().insertRow().insertCell();
    const patient = opened.index.patients[place];
    head.textContent = `${patient ? patient.head[language] : plate.unit} · ${opened.index.running[language]} · ${code()}`;
    table.createTBody().insertRow().insertCell().append(content);
    return table;
  }

  function paperState() {
    const line = document.createElement("div");
    line.className = "state";
    line.append(drawn(opened.index.state[language]));
    for (const age of line.querySelectorAll("[data-age]")) age.remove();
    return line;
  }

  async function printUnit() {
    const pages = [[beds(), -1]];
    for (let place = 0; place < opened.index.patients.length; place += 1) pages.push([await page(place), place]);
    at("view").replaceChildren();
    at("print-all").replaceChildren(...pages.map(([content, place], number) => {
      for (const each of content.querySelectorAll("[id]")) each.id = `n${number}-${each.id}`;
      for (const each of content.querySelectorAll("[aria-labelledby]"))
        each.setAttribute("aria-labelledby", `n${number}-${each.getAttribute("aria-labelledby")}`);
      for (const each of content.querySelectorAll("details")) each.open = true;
      const whole = document.createDocumentFragment();
      whole.append(paperState(), content);
      return sheet(whole, place);
    }));
    window.print();
  }

  // However printing was asked for, one patient's pages bear the head too.
  function dress() {
    if (!opened || at("print-all").firstChild || at("view").querySelector(":scope > .sheet")) return;
    const content = document.createDocumentFragment();
    content.append(...at("view").childNodes);
    for (const each of content.querySelectorAll("details")) each.open = true;
    at("view").append(sheet(content, Number(at("view").dataset.shown)));
  }

  async function test() {
    const said = at("tested");
    let step = "test_age";
    try {
      const opener = new age.Decrypter();
      opener.addIdentity(setting.card);
      const data = await opener.decrypt(Uint8Array.from(atob(setting.test), (char) => char.charCodeAt(0)));
      step = "test_gzip";
      const text = await unpacked(data);
      step = "test_page";
      if (drawn(text).textContent !== "codedark") throw new Error(step);
      said.textContent = word("test_yes");
    } catch { said.textContent = word("test_no", word(step)); }
  }

  // Locked: the key and all that was opened are gone from this page.
  function lock() { opened = null; history.replaceState(null, "", location.pathname); location.reload(); }

  at("open").addEventListener("submit", async (press) => {
    press.preventDefault();
    const typed = at("key").value;
    at("key").value = "";
    at("go").disabled = true;
    try { await open(typed); } finally { at("go").disabled = false; }
  });
  at("unveil").addEventListener("change", () => at("key").classList.toggle("veiled", !at("unveil").checked));
  at("search").addEventListener("submit", (press) => {
    press.preventDefault();
    if (location.hash !== "#beds") { location.hash = "#beds"; return; }
    const hits = find();
    if (hits.filter(Boolean).length === 1) location.hash = `#p${hits.indexOf(true)}`;
  });
  at("find").addEventListener("input", () => { if (at("view").dataset.shown === "-1") find(); });
  at("print").addEventListener("click", () => window.print());
  at("print-unit").addEventListener("click", printUnit);
  window.addEventListener("beforeprint", dress);
  window.addEventListener("afterprint", () => { if (opened) show(); });
  at("lock").addEventListener("click", lock);
  at("test").addEventListener("click", test);
  window.addEventListener("hashchange", () => { if (opened && /^#(beds|p\d+)$/.test(location.hash)) show(); });
  for (const kind of ["keydown", "pointerdown", "scroll"]) document.addEventListener(kind, () => { touched = performance.now(); }, true);
  window.addEventListener("pagehide", () => { if (opened) { opened = null; document.body.replaceChildren(); } });
  window.addEventListener("pageshow", (shown) => { if (shown.persisted) location.reload(); });

  document.addEventListener("keydown", (press) => {
    if (!opened || press.ctrlKey || press.altKey || press.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(press.target.tagName)) return;
    const afterG = performance.now() - led < 1500;
    led = 0;
    const rows = [...at("view").querySelectorAll("tr:not([hidden]) [data-row]")];
    const here = rows.indexOf(document.activeElement);
    if (press.key === "/") at("find").select();
    else if (press.key === "g") led = performance.now();
    else if (press.key === "w" && afterG) location.hash = "#beds";
    else if (press.key === "j" && rows.length) rows[Math.min(here + 1, rows.length - 1)].focus();
    else if (press.key === "k" && rows.length) rows[Math.max(here - 1, 0)].focus();
    else if (press.key === "p") window.print();
    else if (press.key === "?") at("plate").scrollIntoView();
    else return;
    press.preventDefault();
  });

  setInterval(() => {
    tellTime();
    if (opened && performance.now() - touched > IDLE_MS) lock();
  }, 15000);
  speak();
})();
