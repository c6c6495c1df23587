// The keyboard, and what is new, as an extra: every page works without this file. Nothing here reloads or moves anything.
"use strict";
(() => {
  const SWITCH = "codedark-keys";
  const allowed = () => { try { return localStorage.getItem(SWITCH) !== "off"; } catch { return true; } };
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName));
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let led = 0;

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next].focus();
  }

  function print() {
    const unit = document.querySelector("[data-print]");
    if (unit) location.assign(unit.href); else window.print();
  }

  document.addEventListener("keydown", (press) => {
    if (press.ctrlKey || press.altKey || press.metaKey || typing(press.target) || !allowed()) return;
    const afterG = performance.now() - led < 1500;
    led = 0;
    if (press.key === "/") {
      const find = document.getElementById("find");
      if (find) { find.focus(); find.select(); }
    } else if (press.key === "g") led = performance.now();
    else if (press.key === "w" && afterG) location.assign("/units");
    else if (press.key === "l" && afterG) document.querySelector("form.who")?.requestSubmit();
    else if (press.key === "n" && news && !news.hidden) news.click();
    else if (press.key === "j") step(1);
    else if (press.key === "k") step(-1);
    else if (press.key === "p") print();
    else if (press.key === "?") location.assign("/help");
    else return;
    press.preventDefault();
  });

  // How long ago this page was drawn, by the steady clock of the browser, in a place kept for it.
  const drawn = document.getElementById("drawn");
  if (drawn) setInterval(() => {
    const minutes = Math.floor(performance.now() / 60000);
    if (minutes < 1) return;
    drawn.textContent = ", " + drawn.dataset.minutes.replace("{}", String(minutes));
    drawn.hidden = false;
  }, 15000);

  // What came since this page was drawn is counted, and shown when somebody asks: nothing moves under the finger.
  const news = document.getElementById("news"), unreached = document.getElementById("unreached");

  async function ask() {
    if (document.hidden) return;
    let heard;
    try {
      const answer = await fetch(news.dataset.ask, { cache: "no-store", redirect: "manual" });
      if (answer.type === "opaqueredirect") { clearInterval(asking); return; } // this log-in is over
      heard = (await answer.json()).heard;
      unreached.hidden = true;
    } catch {
      unreached.hidden = false;
      return;
    }
    if (!heard) return;
    news.textContent = news.dataset.words.replace("{}", String(heard));
    news.hidden = false;
  }

  const asking = news ? setInterval(ask, 60000) : 0;
  if (news) addEventListener("focus", ask);

  // A form that takes a while says so, once.
  document.addEventListener("submit", (sent) => {
    const words = sent.target.dataset.wait;
    if (!words || sent.target.querySelector(".wait")) return;
    const said = document.createElement("p");
    said.className = "wait";
    said.setAttribute("role", "status");
    sent.target.append(said);
    said.textContent = words;
  });

  const box = document.getElementById("keys-on");
  if (box) {
    box.checked = allowed();
    box.addEventListener("change", () => { try { localStorage.setItem(SWITCH, box.checked ? "on" : "off"); } catch { /* stays for this page only */ } });
    document.getElementById("keys-switch").hidden = false;
  }
})();
