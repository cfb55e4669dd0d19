/// The provider's style sheet.
enum ProviderStyle {
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #f4f3fb; --glow: #e4dffb; --card: #ffffff; --ink: #1d1a33; --soft: #625f7a; --line: #e4e1f0;
          --accent: #5b4bd6; --accent-ink: #ffffff; --accent-wash: #efedfd; --wrong: #c2364b; --wrong-wash: #fdecef;
          --good: #1d7f5f; --good-wash: #e3f5ee;
          --shadow: 0 1px 2px rgb(29 26 51 / .06), 0 12px 40px -12px rgb(29 26 51 / .18);
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #12111d; --glow: #241f47; --card: #1b1a2a; --ink: #eeecfa; --soft: #a3a0bb; --line: #302e45;
            --accent: #9d92ff; --accent-ink: #16142a; --accent-wash: #27244a; --wrong: #ff8b9b; --wrong-wash: #3a1f2b;
            --good: #6fd6b0; --good-wash: #17332b;
            --shadow: 0 1px 2px rgb(0 0 0 / .4), 0 18px 50px -12px rgb(0 0 0 / .6);
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column; align-items: center;
          padding: 1.25rem 1rem 2rem; background: radial-gradient(60rem 30rem at 50% -8rem, var(--glow), transparent), var(--ground);
          color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
        }
        header {
          display: flex; align-items: center; gap: .6rem; margin: clamp(.25rem, 10vh - 2.5rem, 4.5rem) 0 1.2rem; font-weight: 600;
          color: var(--soft); letter-spacing: .01em;
        }
        .mark .wall { fill: var(--accent); }
        .mark .door { fill: var(--accent-ink); }
        .mark .knob { fill: var(--accent); }
        main {
          width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem;
          padding: clamp(1.4rem, 5vw, 2.2rem); box-shadow: var(--shadow);
        }
        h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; text-align: center; text-wrap: balance; }
        .lead { margin: .4rem 0 1.4rem; text-align: center; color: var(--soft); text-wrap: balance; }
        .lead strong { color: var(--ink); }
        code { font: .8125rem/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
        .note {
          margin: 0 0 1.2rem; padding: .7rem .9rem; border-radius: .7rem; background: var(--accent-wash); font-size: .9rem;
          overflow-wrap: anywhere;
        }
        ul { list-style: none; margin: 0; padding: 0; }
        button { font: inherit; color: inherit; cursor: pointer; border: 0; background: none; border-radius: .8rem; }
        button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .people { display: grid; grid-template-columns: minmax(0, 1fr); gap: .55rem; }
        .person {
          display: flex; width: 100%; align-items: center; gap: .85rem; padding: .7rem .8rem; text-align: left;
          border: 1px solid var(--line); transition: border-color .12s, background .12s, transform .12s;
        }
        .person:hover { border-color: var(--accent); background: var(--accent-wash); }
        .person:active { transform: scale(.99); }
        .avatar {
          flex: none; display: grid; place-items: center; width: 2.6rem; height: 2.6rem; border-radius: 50%;
          font-weight: 650; font-size: .95rem; color: #fff; letter-spacing: .02em;
        }
        .hue-0 { background: linear-gradient(135deg, #6a5ae0, #4b3bc0); }
        .hue-1 { background: linear-gradient(135deg, #2f9e78, #1d7358); }
        .hue-2 { background: linear-gradient(135deg, #d0643a, #a5431f); }
        .hue-3 { background: linear-gradient(135deg, #2d7fc4, #1d5b94); }
        .hue-4 { background: linear-gradient(135deg, #b84592, #8a2b6b); }
        .hue-5 { background: linear-gradient(135deg, #8f7a1f, #6b5a10); }
        .who { display: flex; flex: 1; min-width: 0; flex-direction: column; line-height: 1.3; }
        .name { font-weight: 600; }
        .contact { color: var(--soft); font-size: .875rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .tags { display: flex; flex-direction: column; gap: .2rem; align-items: flex-end; }
        .tag {
          padding: .05rem .5rem; border-radius: 1rem; background: var(--accent-wash); color: var(--soft); font-size: .75rem;
        }
        .person:hover .tag { background: var(--card); }
        .hinted { background: var(--accent); color: var(--accent-ink); }
        .person:hover .hinted { background: var(--accent); }
        .aside { margin: 1rem 0 0; text-align: center; }
        .quiet { padding: .45rem .8rem; color: var(--soft); font-size: .9rem; }
        .quiet:hover { color: var(--ink); background: var(--accent-wash); }
        .wishes { border: 1px solid var(--line); border-radius: .9rem; overflow: hidden; }
        .wishes li {
          position: relative; display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between;
          gap: 0 .8rem; padding: .6rem .9rem .6rem 2.4rem;
        }
        .wishes li + li { border-top: 1px solid var(--line); }
        .wishes li::before {
          content: ""; position: absolute; left: .95rem; top: 1.02rem; width: .75rem; height: .38rem;
          border: solid var(--accent); border-width: 0 0 2px 2px; transform: rotate(-45deg);
        }
        .wishes code { color: var(--soft); }
        .signed-in {
          display: flex; align-items: center; gap: .85rem; margin: 1.2rem 0; padding: .6rem .8rem; border-radius: .9rem;
          background: var(--accent-wash);
        }
        .buttons { display: grid; grid-template-columns: 1fr 1fr; gap: .7rem; }
        .primary, .secondary { padding: .75rem 1rem; font-weight: 600; }
        .primary { background: var(--accent); color: var(--accent-ink); }
        .primary:hover { filter: brightness(1.08); }
        .secondary { border: 1px solid var(--line); }
        .secondary:hover { background: var(--accent-wash); }
        .fine { margin: 1.1rem 0 0; text-align: center; color: var(--soft); font-size: .875rem; }
        .seal {
          display: grid; place-items: center; width: 3.4rem; height: 3.4rem; margin: 0 auto 1rem; border-radius: 50%;
          background: var(--good-wash); color: var(--good); font-size: 1.6rem; font-weight: 700;
        }
        .seal.wrong { background: var(--wrong-wash); color: var(--wrong); }
        .lead:last-child, .note:last-child { margin-bottom: 0; }
        footer {
          max-width: 27rem; margin-top: 1.4rem; color: var(--soft); font-size: .8125rem; text-align: center; text-wrap: balance;
        }
        footer code { display: block; margin-top: .25rem; }
        @media (max-width: 24rem) { .tags .tag + .tag { display: none; } .buttons { grid-template-columns: 1fr; } }
        @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }

        """
}
