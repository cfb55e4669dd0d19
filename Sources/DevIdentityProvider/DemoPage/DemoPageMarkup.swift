/// The demo page's document.
enum DemoPageMarkup {
    static let text = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="description" content="What a single-page application behind postern sees, and what it does not.">
        <title>postern demo</title>
        <link rel="icon" href="/demo.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/demo.css">
        <script src="/demo.js" defer></script>
        </head>
        <body data-state="loading">
        <header class="bar">
          <a class="brand" href="/"><img src="/demo.svg" alt="" width="30" height="30"><span>postern</span><em>demo</em></a>
          <div class="session">
            <span class="avatar" id="avatar" aria-hidden="true"></span>
            <a class="button small" id="logout" hidden>Sign out</a>
          </div>
        </header>

        <main>
          <section class="hero" aria-live="polite">
            <div class="hero-text">
              <p class="eyebrow" id="eyebrow">Looking…</p>
              <h1 id="headline">A page without a token.</h1>
              <p id="lead">This is an ordinary web page. The gateway in front of it does the signing in, keeps the tokens, and
              adds them to calls on their way to the API.</p>
              <p class="actions"><a class="button" id="login" href="/bff/login?returnUrl=%2F" hidden>Sign in</a></p>
            </div>
            <figure class="way" aria-label="How a call travels">
              <div class="stop"><span class="dot">1</span><strong>This page</strong><small>holds nothing secret</small></div>
              <div class="leg"><span>cookie</span></div>
              <div class="stop gate"><span class="dot">2</span><strong>postern</strong><small>holds the tokens</small></div>
              <div class="leg"><span>access token</span></div>
              <div class="stop"><span class="dot">3</span><strong>The API</strong><small>checks the token</small></div>
            </figure>
          </section>

          <p class="alert" id="alert" role="alert" hidden></p>

          <div class="grid">
            <section class="card" id="api" data-needs="user" aria-labelledby="api-title">
              <h2 id="api-title">Call the API</h2>
              <p class="hint">The page sends a plain request. Below is what arrived at the other end.</p>
              <div class="calls" role="group" aria-label="Requests">
                <button class="button small" data-method="GET" data-path="/api/hello"><b>GET</b> /api/hello</button>
                <button class="button small soft" data-method="POST" data-path="/api/notes"><b>POST</b> /api/notes</button>
                <button class="button small soft" data-method="GET" data-path="/api/admin"><b>GET</b> /api/admin</button>
              </div>
              <div id="answer" aria-live="polite">
                <p class="placeholder">Nothing called yet. The third one asks for a permission you do not have.</p>
              </div>
            </section>

            <section class="card" id="clock" data-needs="user" aria-labelledby="clock-title">
              <h2 id="clock-title">Session clock</h2>
              <p class="hint">Asking for the time does not make the session longer.</p>
              <div class="clock"><div class="row"><span>Ends when idle</span><output id="idle">–</output></div>
                <progress id="idle-bar" max="1" value="0" aria-label="Idle time left"></progress></div>
              <div class="clock"><div class="row"><span>Ends in any case</span><output id="total">–</output></div>
                <progress id="total-bar" max="1" value="0" aria-label="Session time left"></progress></div>
            </section>

            <section class="card" id="sees" aria-labelledby="sees-title">
              <h2 id="sees-title">What this page can see</h2>
              <p class="hint">Everything that script on this origin could steal.</p>
              <dl class="sees">
                <div><dt>document.cookie</dt><dd id="see-cookie">–</dd></div>
                <div><dt>localStorage</dt><dd id="see-local">–</dd></div>
                <div><dt>sessionStorage</dt><dd id="see-session">–</dd></div>
              </dl>
              <p class="verdict" id="verdict"></p>
            </section>

            <section class="card" id="live" aria-labelledby="live-title" hidden>
              <h2 id="live-title">Live</h2>
              <p class="hint">Both stay open as long as your session lasts. Sign out in another tab, and watch them end.</p>
              <div class="lines">
                <div class="line" id="socket" data-line="closed">
                  <div class="row"><strong>WebSocket</strong><b class="pill" id="socket-state">closed</b></div>
                  <ol class="log" id="socket-log" aria-live="polite" aria-label="Messages of the WebSocket"></ol>
                  <form class="say" id="say">
                    <input id="words" autocomplete="off" maxlength="200" placeholder="Say something" aria-label="A message">
                    <button class="button small">Send</button>
                  </form>
                </div>
                <div class="line" id="events" data-line="closed">
                  <div class="row"><strong>Event stream</strong><b class="pill" id="events-state">closed</b></div>
                  <ol class="log" id="events-log" aria-label="Events"></ol>
                  <p class="way-back"><button class="button small soft" id="again" type="button" hidden>Open both again</button></p>
                </div>
              </div>
            </section>

            <section class="card" id="claims-card" data-needs="user" aria-labelledby="claims-title">
              <h2 id="claims-title">Who you are</h2>
              <p class="hint">Claims from <code>/bff/user</code>: facts about you, not keys to anything.</p>
              <dl class="claims" id="claims"></dl>
            </section>
          </div>
        </main>

        <footer>
          <p>Every part of this page is served by <code>postern-dev</code>: gateway, identity provider, API. Nothing is loaded from
          anywhere else.</p>
        </footer>
        <noscript><p class="alert">This demo talks to the gateway by script; please allow it for this page.</p></noscript>
        </body>
        </html>

        """#
}
