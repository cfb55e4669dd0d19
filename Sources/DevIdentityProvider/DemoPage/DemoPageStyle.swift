/// The demo page's style sheet.
enum DemoPageStyle {
    static let text = #"""
        :root {
          color-scheme: light dark;
          --ground: #f6f5f1; --glow: #e0ecdf; --card: #fffefb; --ink: #1f2420; --soft: #646c64; --line: #e3e2da;
          --accent: #1f5f4c; --accent-ink: #ffffff; --wash: #e9f1ea; --gold: #a86b12; --gold-wash: #faf0dc;
          --wrong: #b3352f; --wrong-wash: #fbe9e6; --code: #f3f2ec;
          --shadow: 0 1px 2px rgb(31 36 32 / .05), 0 10px 34px -16px rgb(31 36 32 / .22);
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #111512; --glow: #1b2c22; --card: #191e1a; --ink: #e9ede8; --soft: #9ba69c; --line: #2b322c;
            --accent: #74cf9f; --accent-ink: #0d1f16; --wash: #1e2b23; --gold: #e5b567; --gold-wash: #32291a;
            --wrong: #ff9388; --wrong-wash: #3a211e; --code: #141815;
            --shadow: 0 1px 2px rgb(0 0 0 / .35), 0 16px 44px -16px rgb(0 0 0 / .7);
          }
        }
        * { box-sizing: border-box; }
        [hidden] { display: none !important; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; min-height: 100vh; background: radial-gradient(70rem 34rem at 75% -12rem, var(--glow), transparent), var(--ground);
          color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
        }
        .bar, main, footer { width: 100%; max-width: 68rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2rem); }
        .bar { display: flex; align-items: center; justify-content: space-between; min-height: 4.25rem; }
        .brand {
          display: flex; align-items: center; gap: .6rem; color: inherit; text-decoration: none; font-weight: 700;
          font-size: 1.1rem; letter-spacing: -.01em;
        }
        .brand img { display: block; }
        .brand em {
          font-style: normal; font-weight: 500; font-size: .78rem; letter-spacing: .02em; color: var(--soft);
          padding: .08rem .5rem; border: 1px solid var(--line); border-radius: 1rem;
        }
        .session { display: flex; align-items: center; gap: .75rem; }
        .avatar {
          display: grid; place-items: center; width: 2.3rem; height: 2.3rem; border-radius: 50%; background: var(--accent);
          color: var(--accent-ink); font-weight: 650; font-size: .85rem;
        }
        .avatar:empty { display: none; }
        .button {
          display: inline-block; font: inherit; font-weight: 600; cursor: pointer; text-decoration: none; text-align: center;
          border: 1px solid transparent; border-radius: .75rem; padding: .75rem 1.6rem; background: var(--accent);
          color: var(--accent-ink); transition: filter .12s, transform .12s;
        }
        .button:hover { filter: brightness(1.08); }
        .button:active { transform: scale(.985); }
        .button:focus-visible, .brand:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .button[disabled] { opacity: .55; cursor: progress; }
        .small { padding: .5rem .9rem; font-size: .92rem; font-weight: 550; }
        .soft, #logout { background: var(--card); color: var(--ink); border-color: var(--line); }
        .soft:hover, #logout:hover { background: var(--wash); filter: none; }
        .hero {
          display: grid; grid-template-columns: 1.15fr 1fr; gap: clamp(1.5rem, 5vw, 4rem); align-items: center;
          padding: clamp(1.5rem, 6vh, 4rem) 0 clamp(1.75rem, 5vh, 3rem);
        }
        .hero-text { min-width: 0; }
        .eyebrow { margin: 0 0 .5rem; color: var(--accent); font-weight: 600; font-size: .95rem; }
        h1 {
          margin: 0 0 .9rem; font-size: clamp(2rem, 5.4vw, 3.1rem); line-height: 1.08; letter-spacing: -.028em; text-wrap: balance;
          overflow-wrap: anywhere;
        }
        .hero-text > p:not(.eyebrow) { margin: 0; max-width: 34rem; color: var(--soft); font-size: 1.06rem; }
        .hero-text > .actions:not(.eyebrow) { margin-top: 1.5rem; color: inherit; }
        .actions:not(:has(:not([hidden]))) { display: none; }
        .way { margin: 0; display: grid; justify-items: stretch; }
        .stop {
          display: grid; grid-template-columns: auto 1fr; column-gap: .8rem; align-items: center; padding: .7rem 1rem;
          border: 1px solid var(--line); border-radius: 1rem; background: var(--card); box-shadow: var(--shadow);
        }
        .stop small { grid-column: 2; color: var(--soft); font-size: .85rem; line-height: 1.3; }
        .stop strong { line-height: 1.3; }
        .dot {
          grid-row: span 2; display: grid; place-items: center; width: 2rem; height: 2rem; border-radius: 50%;
          background: var(--wash); color: var(--accent); font-weight: 700; font-size: .9rem;
        }
        .gate { border-color: var(--accent); }
        .gate .dot { background: var(--accent); color: var(--accent-ink); }
        .leg { position: relative; height: 2.1rem; margin-left: 1.95rem; border-left: 2px dashed var(--line); }
        .leg span {
          position: absolute; left: .85rem; top: .38rem; padding: 0 .55rem; border-radius: 1rem; font-size: .78rem;
          background: var(--wash); color: var(--soft);
        }
        .stop.gate + .leg span { background: var(--gold-wash); color: var(--gold); }
        body[data-state="user"] .leg { border-color: var(--accent); }
        .alert {
          margin: 0 0 1.2rem; padding: .8rem 1rem; border-radius: .9rem; background: var(--wrong-wash); color: var(--wrong);
          font-weight: 550;
        }
        .grid {
          display: grid; gap: 1.1rem; grid-template-columns: minmax(0, 1.9fr) minmax(0, 1fr); grid-template-rows: auto 1fr auto auto;
          grid-template-areas: "api clock" "api sees" "live live" "claims claims";
        }
        #api { grid-area: api; }
        #clock { grid-area: clock; }
        #sees { grid-area: sees; }
        #claims-card { grid-area: claims; }
        #live { grid-area: live; }
        .lines { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.1rem 1.6rem; }
        .line { display: flex; flex-direction: column; min-width: 0; }
        .pill {
          padding: .08rem .6rem; border-radius: 1rem; font-size: .82rem; font-weight: 600; background: var(--code); color: var(--soft);
        }
        [data-line="open"] .pill { background: var(--wash); color: var(--accent); }
        [data-line="ended"] .pill { background: var(--gold-wash); color: var(--gold); }
        .log {
          margin: .35rem 0 0; padding: .7rem .9rem; height: 9.6rem; overflow-y: auto; list-style: none; border-radius: .9rem;
          border: 1px solid var(--line); background: var(--code); font-size: .9rem;
        }
        .log li { display: flex; gap: .8rem; justify-content: space-between; overflow-wrap: anywhere; padding: .1rem 0; }
        .log li span:first-child { min-width: 0; }
        .log time { flex: none; font-weight: 400; color: var(--soft); font-size: .82rem; font-variant-numeric: tabular-nums; }
        .log .mine { color: var(--soft); }
        .log .end { color: var(--gold); font-weight: 600; }
        .say { display: flex; gap: .55rem; margin-top: .7rem; }
        .say input {
          flex: 1; min-width: 0; padding: .5rem .8rem; font: inherit; font-size: .95rem; color: inherit; background: var(--card);
          border: 1px solid var(--line); border-radius: .75rem;
        }
        .say input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
        .away { display: none; }
        .way-back { margin: .7rem 0 0; min-height: 2.35rem; }
        .card {
          min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: 1.2rem;
          padding: clamp(1.15rem, 2.6vw, 1.6rem); box-shadow: var(--shadow);
        }
        body:not([data-state="user"]) [data-needs="user"] { display: none; }
        body:not([data-state="user"]) .grid { display: grid; grid-template-columns: minmax(0, 1fr); grid-template-areas: "sees" "live"; grid-template-rows: none; }
        h2 { margin: 0; font-size: 1.12rem; letter-spacing: -.01em; }
        .hint { margin: .15rem 0 1rem; color: var(--soft); font-size: .9rem; }
        .calls { display: flex; flex-wrap: wrap; gap: .55rem; margin-bottom: 1rem; }
        .calls b { font-weight: 700; margin-right: .15rem; }
        code, .mono, .claims dd, .sees dd { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .82rem; }
        .placeholder {
          margin: 0; padding: 1.6rem 1rem; border: 1.5px dashed var(--line); border-radius: .9rem; color: var(--soft);
          text-align: center; font-size: .92rem;
        }
        .result { border: 1px solid var(--line); border-radius: .9rem; overflow: hidden; background: var(--code); }
        .result header {
          display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .75rem; padding: .6rem .9rem; font-size: .9rem;
          border-bottom: 1px solid var(--line); background: var(--card);
        }
        .status { padding: .08rem .55rem; border-radius: 1rem; font-weight: 650; background: var(--wash); color: var(--accent); }
        .status.bad { background: var(--wrong-wash); color: var(--wrong); }
        .result header span:last-child { margin-left: auto; color: var(--soft); }
        .received { margin: 0; max-height: 24rem; overflow: auto; }
        .received > div { display: grid; grid-template-columns: minmax(7rem, 11rem) 1fr; gap: .9rem; padding: .34rem .9rem; }
        .received > div + div { border-top: 1px solid var(--line); }
        .received dt { color: var(--soft); font-size: .82rem; overflow-wrap: anywhere; }
        .received dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .8rem; }
        .received .added { background: var(--wash); }
        .received .token { background: var(--gold-wash); }
        .received .token dd, .received .token dt { color: var(--gold); }
        .clock + .clock { margin-top: 1.2rem; }
        .row { display: flex; justify-content: space-between; align-items: baseline; margin-bottom: .35rem; font-size: .92rem; }
        .row span { color: var(--soft); }
        output { font-size: 1.35rem; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
        progress {
          display: block; width: 100%; height: .5rem; border: 0; border-radius: 1rem; overflow: hidden; background: var(--wash);
          appearance: none; -webkit-appearance: none;
        }
        progress::-webkit-progress-bar { background: var(--wash); }
        progress::-webkit-progress-value { background: var(--accent); border-radius: 1rem; }
        progress::-moz-progress-bar { background: var(--accent); border-radius: 1rem; }
        progress.low::-webkit-progress-value { background: var(--gold); }
        progress.low::-moz-progress-bar { background: var(--gold); }
        .sees { margin: 0; }
        .sees > div { padding: .5rem 0; border-top: 1px solid var(--line); }
        .sees > div:first-child { border-top: 0; padding-top: 0; }
        .sees dt { color: var(--soft); font-size: .85rem; }
        .sees dd { margin: .1rem 0 0; overflow-wrap: anywhere; max-height: 5rem; overflow: auto; }
        .verdict { margin: .8rem 0 0; padding: .6rem .85rem; border-radius: .8rem; background: var(--wash); color: var(--accent); font-weight: 600; font-size: .92rem; }
        .verdict.bad { background: var(--wrong-wash); color: var(--wrong); }
        body:not([data-state="user"]) .sees { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 1.4rem; }
        body:not([data-state="user"]) .sees > div { border: 0; padding: 0; }
        .claims { margin: 0; display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 2rem; }
        .claims > div { display: grid; grid-template-columns: 9.5rem 1fr; gap: .8rem; padding: .42rem 0; border-top: 1px solid var(--line); }
        .claims dt { color: var(--soft); font-size: .88rem; overflow-wrap: anywhere; }
        .claims dd { margin: 0; overflow-wrap: anywhere; }
        .claims .chip { display: inline-block; margin: 0 .3rem .2rem 0; padding: 0 .5rem; border-radius: 1rem; background: var(--wash); }
        footer { padding-top: 1.4rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .88rem; }
        body[data-state="loading"] .hero-text { opacity: .75; }
        @media (max-width: 56rem) {
          .hero { grid-template-columns: 1fr; }
          .grid {
            grid-template-columns: repeat(2, minmax(0, 1fr)); grid-template-rows: none;
            grid-template-areas: "api api" "live live" "clock sees" "claims claims";
          }
          .claims { grid-template-columns: 1fr; }
        }
        @media (max-width: 40rem) {
          .grid { grid-template-columns: minmax(0, 1fr); grid-template-areas: "api" "live" "clock" "sees" "claims"; }
          .lines { grid-template-columns: 1fr; }
          .way-back:not(:has(button:not([hidden], .away))) { display: none; }
          .hero { padding-top: 1rem; }
          .actions .button { width: 100%; }
          .calls { display: grid; }
          .received > div { grid-template-columns: 1fr; gap: 0; }
          .claims > div { grid-template-columns: 9rem 1fr; }
          body:not([data-state="user"]) .sees { grid-template-columns: 1fr; }
          body:not([data-state="user"]) .sees > div { padding: .45rem 0; }
        }
        @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }

        """#
}
