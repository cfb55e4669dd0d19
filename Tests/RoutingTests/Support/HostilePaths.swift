/// Spellings that have led past a path rule somewhere (G71): every one aims at `/admin` from outside.
let hostilePaths: [String] = [
    // Dot segments, plain and encoded in every way.
    "/public/../admin", "/public/../admin/", "/public/./../admin/x", "/./admin", "/public/.././admin/x",
    "/public/%2e%2e/admin", "/public/%2E%2E/admin", "/public/.%2e/admin", "/public/%2e./admin", "/public/.%2E/admin/x",
    "/public/..%2fadmin", "/public/..%2Fadmin/x", "/public%2f..%2fadmin", "/public/%2e%2e%2fadmin",
    "/public/%2e%2e%2Fadmin", "/public/x/../../admin", "/public/x/%2e%2e/%2e%2e/admin", "/../admin", "/../../admin",
    "/public/../../admin", "/%2e/admin", "/%2e%2e/admin", "/public/../%61dmin", "/public/..", "/public/.",
    "/public/...", "/public/.../admin", "/public/..../admin", "/public/%2e%2e%2e/admin",
    // Path parameters.
    "/public/..;/admin", "/public/..;x=y/admin", "/public;/../admin", "/public;x/..;y/admin", "/public/..;/..;/admin",
    "/;/admin", "/;x=y/admin", "/.;/admin", "/..;/admin", "/public/%2e%2e;/admin", "/public/..%3b/admin",
    "/public/..%3B/admin/x", "/admin;/x", "/admin;x=y", "/admin;x=/public/", "/public/.;/../admin",
    "/public/;/../admin",
    // Encoded and doubled slashes.
    "//admin", "///admin", "/public//../admin", "/public//..//admin", "/%2fadmin", "/%2Fadmin", "/%2f/admin",
    "/public/%2f..%2f..%2fadmin", "//public/../admin", "/public/..//admin", "//evil/admin", "//evil.example//admin",
    "/admin%2f", "/admin%2Fx", "/%2f%2fadmin", "/public/%2fadmin",
    // Backslashes.
    "/public\\..\\admin", "/public/..\\admin", "/public/%5c../admin", "/public%5c..%5cadmin", "/public/..%5cadmin",
    "/public/..%5Cadmin", "\\admin", "/\\admin", "/%5cadmin", "/public\\../admin", "/admin\\x", "/admin%5cx",
    // Double and further encodings.
    "/public/%252e%252e/admin", "/public/%252e%252e%252fadmin", "/public/..%252fadmin", "/public/..%255cadmin",
    "/%2561dmin", "/%25252e%25252e/admin", "/public/%25%32%65%25%32%65/admin", "/public/%2%35%2e/admin",
    "/public/%25252e%25252e%25252fadmin", "/public/%u002e%u002e/admin", "/public/%%32%65%%32%65/admin",
    // Overlong and broken UTF-8.
    "/public/%c0%ae%c0%ae/admin", "/public/..%c0%afadmin", "/public/%C0%AE%C0%AE%C0%AFadmin",
    "/public/%e0%80%ae./admin",
    "/public/..%c1%9cadmin", "/public/%f0%80%80%ae./admin", "/public/%FF/../admin", "/admin%FF", "/public/%80/admin",
    "/public/%ed%a0%80/admin", "/public/%c3/admin", "/public/..%e0%80%afadmin", "/public/%f8%80%80%80%ae/admin",
    // Full-width and other twins.
    "/public/%ef%bc%8e%ef%bc%8e/admin", "/public/..%ef%bc%8fadmin", "/public/%ef%bc%8e%ef%bc%8e%ef%bc%8fadmin",
    "/public/..%ef%bc%bcadmin", "/%ef%bd%81dmin", "/public/%e2%80%a5/admin", "/public/%e2%80%a4%e2%80%a4/admin",
    "/public/..%e2%88%95admin", "/public/..%e2%81%84admin", "/adm%c4%b1n", "/public/%ef%bc%852e%ef%bc%852e/admin",
    // Controls, ends of strings, broken escapes.
    "/public/..%00/admin", "/admin%00", "/admin%00/public", "/public/%00/../admin", "/public/..%0a/admin", "/admin%0a",
    "/public/..%0d%0a/admin", "/admin%09", "/public/..%09/admin", "/public/.%09./admin", "/admin%7f",
    "/public/%/../admin",
    "/public/%2", "/public/%zz/../admin", "/public/%2g/../admin", "/admin%", "/public/..%1f/admin",
    // Case, dots and spaces at the end, second parsers.
    "/Admin", "/ADMIN/x", "/aDmIn/", "/admin.", "/admin./x", "/admin%20/x", "/admin%20", "/admin...", "/admin.%20./x",
    "/Admin%20./x", "/%41dmin", "/admin%3f", "/admin%3Fx/public", "/admin%23", "/public/..%20/admin",
    "/public/.%20./admin",
    "/public/..%3f/admin", "/ADM%C4%B0N",
]
