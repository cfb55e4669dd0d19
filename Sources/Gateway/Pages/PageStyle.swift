private import Cryptography
private import Formats

/// The one style sheet of our pages, written into each of them and allowed by its digest: no page loads anything.
package enum PageStyle {
    package static let sheet = """
        :root{color-scheme:light dark;--paper:#f3f1ec;--card:#fff;--ink:#1f1e1b;--soft:#625f57;--line:#e0dcd2;\
        --brand:#1f5f4c;--on-brand:#fff;--edge:#cdc8bc;--note:#f8f6f1}
        @media (prefers-color-scheme:dark){:root{--paper:#151513;--card:#1e1e1b;--ink:#edebe5;--soft:#a7a49b;--line:#36352f;\
        --brand:#8ccdb6;--on-brand:#0e211a;--edge:#55534a;--note:#252520}}
        *{box-sizing:border-box}
        body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column;align-items:center;\
        justify-content:center;gap:1.25rem;padding:1.25rem;background:var(--paper);color:var(--ink);\
        font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
        main{width:100%;max-width:35rem;padding:2.25rem 2.5rem;background:var(--card);border:1px solid var(--line);\
        border-radius:.875rem}
        main.wide{max-width:46rem}
        svg{display:block;width:2.25rem;height:2.25rem;margin-bottom:1.25rem;color:var(--brand)}
        .kind{margin:0 0 .25rem;color:var(--soft);font-size:.8125rem;font-weight:600;letter-spacing:.02em}
        h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
        h2{margin:1.75rem 0 .5rem;font-size:1rem;font-weight:650}
        p{margin:0 0 .75rem;text-wrap:pretty}
        .soft{color:var(--soft)}
        ul{margin:0 0 .75rem;padding-left:1.25rem}
        li{margin:.25rem 0}
        a{color:var(--brand);text-underline-offset:.15em}
        code{font:.875em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
        .actions{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1.25rem;margin:1.5rem 0 0}
        .button{display:inline-block;padding:.625rem 1.125rem;border:1px solid var(--brand);border-radius:.5rem;\
        background:var(--brand);color:var(--on-brand);font:inherit;font-weight:600;line-height:1.3;text-decoration:none;cursor:pointer}
        .button:hover{filter:brightness(1.08)}
        .button.quiet{background:none;border-color:var(--edge);color:var(--ink);font-weight:500}
        a:focus-visible,.button:focus-visible{outline:3px solid var(--brand);outline-offset:2px}
        .note{margin:1.25rem 0 0;padding:.875rem 1rem;border-radius:.5rem;background:var(--note);font-size:.9375rem}
        .note :last-child{margin-bottom:0}
        .rows{margin:1.25rem 0 0;padding:0;list-style:none;border-top:1px solid var(--line)}
        .rows>li{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem;margin:0;\
        padding:.875rem 0;border-bottom:1px solid var(--line)}
        .rows>li>div{flex:1 1 14rem;min-width:0}
        .rows strong{font-weight:600}
        .tag{display:inline-block;margin-left:.375rem;padding:.0625rem .5rem;border-radius:1rem;background:var(--note);\
        border:1px solid var(--line);color:var(--soft);font-size:.75rem;font-weight:600}
        .rows small{display:block;color:var(--soft);font-size:.875rem}
        form{margin:0}
        footer{max-width:35rem;color:var(--soft);font-size:.8125rem;text-align:center}
        @media (max-width:30rem){main{padding:1.75rem 1.375rem}h1{font-size:1.3125rem}.actions .button{flex:1 1 auto;text-align:center}}
        @media (forced-colors:active){.button{border-color:ButtonText}}
        """

    /// `sha256-…` of the sheet as a source expression (CSP Level 3, section 2.3.1).
    package static let source = "sha256-" + Base64.encode(SHA256Digest(hashing: Array(sheet.utf8)).bytes)

    /// A small gate in a wall.
    static let mark: HTML = """
        <svg viewBox="0 0 36 36" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" \
        stroke-linejoin="round" aria-hidden="true"><path d="M4 32V6h5v4h6V6h6v4h6V6h5v26z"/>\
        <path d="M12 32v-8a6 6 0 0 1 12 0v8"/><path d="M20.500 27v.01"/></svg>
        """
}
