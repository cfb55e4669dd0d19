/// The demo page's script: what a single-page application behind the gateway does, and all that it does.
enum DemoPageScript {
    static let text = #"""
        "use strict";

        // The header that the gateway's rules against cross-site requests ask for; its value does not matter.
        const ours = { "X-CSRF": "1" };
        const byGateway = /^(via|forwarded|x-forwarded-.*|traceparent|x-request-id)$/;
        const byId = (id) => document.getElementById(id);
        const make = (name, text, className) => {
          const element = document.createElement(name);
          if (text !== undefined) element.textContent = text;
          if (className) element.className = className;
          return element;
        };

        const welcome = byId("lead").textContent;

        // Who is signed in: an array of claims, or 401.

        async function loadUser() {
          let response;
          try {
            response = await fetch("/bff/user", { headers: ours });
          } catch {
            return showProblem("The gateway does not answer. Is postern-dev still running?");
          }
          if (response.status === 401) return showSignedOut();
          if (!response.ok) return showProblem("The gateway answered " + response.status + " at /bff/user.");
          showUser(await response.json());
        }

        function showSignedOut() {
          document.body.dataset.state = "anonymous";
          byId("eyebrow").textContent = "You are signed out";
          byId("headline").textContent = "A page without a token.";
          byId("lead").textContent = welcome;
          byId("avatar").textContent = "";
          byId("logout").hidden = true;
          byId("login").hidden = false;
          byId("again").classList.add("away");
          stopClock();
          look();
        }

        function showUser(claims) {
          const value = (type) => claims.find((claim) => claim.type === type)?.value;
          const name = value("name") ?? value("preferred_username") ?? value("email") ?? value("sub") ?? "somebody";
          document.body.dataset.state = "user";
          byId("alert").hidden = true;
          byId("eyebrow").textContent = "Signed in";
          byId("headline").textContent = "Hello, " + (value("given_name") ?? name) + ".";
          byId("lead").textContent =
            "The gateway knows you by a cookie that this page cannot read. Call the API, and see what it adds on the way.";
          byId("avatar").textContent = String(name).split(/\s+/).map((word) => word[0]).slice(0, 2).join("").toUpperCase();
          byId("login").hidden = true;
          const logout = value("bff:logout_url");
          if (logout) {
            const address = new URL(logout, location.origin);
            address.searchParams.set("returnUrl", "/");
            byId("logout").href = address.pathname + address.search;
            byId("logout").hidden = false;
          }
          showClaims(claims);
          startClock();
          openLines();
          look();
        }

        function showProblem(text) {
          if (document.body.dataset.state === "loading") document.body.dataset.state = "anonymous";
          if (byId("eyebrow").textContent === "Looking…") byId("eyebrow").textContent = "Not connected";
          byId("alert").textContent = text;
          byId("alert").hidden = false;
          look();
        }

        // Claims: a claim with several values comes as several entries.

        function showClaims(claims) {
          const grouped = new Map();
          for (const { type, value } of claims) {
            if (type.startsWith("bff:")) continue;
            grouped.set(type, [...(grouped.get(type) ?? []), value]);
          }
          byId("claims").replaceChildren(...[...grouped].map(([type, values]) => {
            const row = make("div");
            const words = values.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one)));
            const cell = make("dd", words.length === 1 ? words[0] : undefined);
            if (words.length > 1) cell.append(...words.map((word) => make("span", word, "chip")));
            row.append(make("dt", type), cell);
            return row;
          }));
        }

        // The session clock. /bff/session says how long is left and does not make it longer.

        let clock = null;

        async function readClock() {
          try {
            const response = await fetch("/bff/session", { headers: ours });
            if (!response.ok) return;
            const session = await response.json();
            if (!session.authenticated) return showEnded();
            if (!clock) return;
            const now = performance.now() / 1000;
            clock.idleEnds = now + session.idle_expires_in;
            clock.ends = now + session.expires_in;
            clock.idleMost = Math.max(clock.idleMost, session.idle_expires_in);
            clock.most = Math.max(clock.most, session.expires_in);
            tick();
          } catch {
            // The next reading may succeed; until then the clock runs on by itself.
          }
        }

        function startClock() {
          stopClock();
          clock = { idleMost: 1, most: 1, idleEnds: NaN, ends: NaN };
          clock.ticking = setInterval(tick, 1000);
          clock.reading = setInterval(readClock, 30000);
          readClock();
        }

        function stopClock() {
          if (!clock) return;
          clearInterval(clock.ticking);
          clearInterval(clock.reading);
          clock = null;
        }

        function tick() {
          if (!clock || Number.isNaN(clock.ends)) return;
          const now = performance.now() / 1000;
          show("idle", clock.idleEnds - now, clock.idleMost);
          show("total", clock.ends - now, clock.most);
          if (Math.min(clock.idleEnds, clock.ends) <= now) readClock();
        }

        function show(id, left, most) {
          const bar = byId(id + "-bar");
          byId(id).textContent = spoken(Math.max(0, Math.round(left)));
          bar.value = Math.max(0, Math.min(1, left / most));
          bar.classList.toggle("low", left / most < 0.2);
        }

        function spoken(seconds) {
          const two = (number) => String(number).padStart(2, "0");
          const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
          return hours ? hours + ":" + two(minutes) + ":" + two(seconds % 60) : minutes + ":" + two(seconds % 60);
        }

        function showEnded() {
          showSignedOut();
          byId("eyebrow").textContent = "Your session has ended";
        }

        // Calls to the API.

        async function call(button) {
          const { method, path } = button.dataset;
          const options = { method, headers: { ...ours } };
          if (method === "POST") {
            options.headers["Content-Type"] = "application/json";
            options.body = JSON.stringify({ note: "Bring a lamp." });
          }
          button.disabled = true;
          const began = performance.now();
          try {
            const response = await fetch(path, options);
            const took = performance.now() - began;
            const text = await response.text();
            let body = null;
            try { body = JSON.parse(text); } catch { /* Not JSON: shown as text. */ }
            if (response.status === 401 && !body?.request) return showEnded();
            showAnswer(method, path, response.status, took, body, text);
            readClock();
            look();
          } catch {
            showProblem("The call did not reach the gateway.");
          } finally {
            button.disabled = false;
          }
        }

        function showAnswer(method, path, status, took, body, text) {
          const result = make("article", undefined, "result");
          const head = make("header");
          head.append(
            make("span", String(status), status < 400 ? "status" : "status bad"), make("code", method + " " + path),
            make("span", took.toFixed(0) + " ms"));
          const rows = make("dl", undefined, "received");
          const add = (name, value, className) => {
            const row = make("div", undefined, className || undefined);
            row.append(make("dt", name), make("dd", value));
            rows.append(row);
          };
          if (body?.request) {
            // First what the gateway added, the token before all: that is what the page is about.
            const rank = ({ name }) => (name === "authorization" ? 2 : byGateway.test(name) ? 1 : 0);
            const sorted = [...body.request.headers].sort((a, b) => rank(b) - rank(a));
            for (const header of sorted) add(header.name, header.value, ["", "added", "token"][rank(header)]);
            if (body.request.body) add("(body)", body.request.body);
            if (body.token) add("(token says)", describe(body.token));
          } else if (body && typeof body === "object") {
            for (const [name, value] of Object.entries(body)) {
              add(name, typeof value === "string" ? value : JSON.stringify(value));
            }
          } else {
            add("(text)", text.slice(0, 2000) || "empty");
          }
          result.append(head, rows);
          byId("answer").replaceChildren(result);
        }

        function describe(token) {
          const parts = [token.format];
          if (token.subject) parts.push("for " + token.subject);
          if (token.scope) parts.push("scope " + token.scope);
          if (token.expires_in !== undefined) parts.push(spoken(token.expires_in) + " left");
          return parts.join(" · ");
        }

        // What stays open: a WebSocket and an event stream. Both end with the session, and nobody here has to ask for it.

        let socket = null, events = null;

        function setLine(id, state, text) {
          byId(id).dataset.line = state;
          byId(id + "-state").textContent = text;
          if (id === "socket") for (const part of byId("say").elements) part.disabled = state !== "open";
          byId("again").hidden = byId("socket").dataset.line === "open" || byId("events").dataset.line === "open";
        }

        function log(id, text, className) {
          const row = make("li", undefined, className);
          row.append(make("span", text), make("time", new Date().toLocaleTimeString()));
          const list = byId(id + "-log");
          list.append(row);
          while (list.children.length > 50) list.firstChild.remove();
          list.scrollTop = list.scrollHeight;
        }

        function openLines() {
          byId("live").hidden = false;
          byId("again").classList.remove("away");
          if (!socket) openSocket();
          if (!events) openEvents();
        }

        function openSocket() {
          const address = new URL("/api/echo", location.href);
          address.protocol = address.protocol.replace("http", "ws");
          socket = new WebSocket(address);
          setLine("socket", "closed", "connecting");
          socket.addEventListener("open", () => setLine("socket", "open", "open"));
          socket.addEventListener("message", (event) => log("socket", event.data));
          socket.addEventListener("close", (event) => {
            socket = null;
            setLine("socket", "ended", "closed " + event.code);
            log("socket", "closed " + event.code + (event.reason ? " " + event.reason : ""), "end");
            // 1008, says the gateway, when the session is over.
            if (event.code === 1008) readClock();
          });
        }

        function openEvents() {
          events = new EventSource("/api/events");
          setLine("events", "closed", "connecting");
          events.addEventListener("open", () => setLine("events", "open", "open"));
          events.addEventListener("message", (event) => {
            const { number, time } = JSON.parse(event.data);
            log("events", "event " + number + ": " + time.slice(11, 19) + " UTC");
          });
          // It would ask again by itself; a session that has ended is not worth it.
          events.addEventListener("error", () => {
            events?.close();
            events = null;
            setLine("events", "ended", "ended");
            log("events", "the stream broke off", "end");
          });
        }

        byId("say").addEventListener("submit", (event) => {
          event.preventDefault();
          const words = byId("words").value;
          if (!words || socket?.readyState !== WebSocket.OPEN) return;
          log("socket", "you: " + words, "mine");
          socket.send(words);
          byId("words").value = "";
        });
        byId("again").addEventListener("click", openLines);

        // What script on this origin can reach. A token would be a long word of base64url characters.

        function look() {
          const stores = {
            cookie: document.cookie,
            local: dump(() => localStorage),
            session: dump(() => sessionStorage),
          };
          for (const [name, text] of Object.entries(stores)) byId("see-" + name).textContent = text || "empty";
          const found = Object.values(stores).some((text) => /[A-Za-z0-9_-]{20,}/.test(text));
          byId("verdict").className = found ? "verdict bad" : "verdict";
          byId("verdict").textContent = found ? "Something here could be a secret." : "No token within reach.";
        }

        function dump(open) {
          try {
            const store = open();
            return Object.keys(store).map((key) => key + "=" + store.getItem(key)).join("; ");
          } catch {
            return "";
          }
        }

        for (const button of document.querySelectorAll("[data-path]")) {
          button.addEventListener("click", () => call(button));
        }
        // A page that comes back from the history may show somebody who has left.
        window.addEventListener("pageshow", (event) => { if (event.persisted) loadUser(); });
        document.addEventListener("visibilitychange", () => { if (!document.hidden && clock) readClock(); });
        loadUser();

        """#
}
