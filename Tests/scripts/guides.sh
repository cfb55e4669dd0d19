#!/usr/bin/env bash
# Walks the calls that the guides of Okta and Auth0 print, with curl, against each layout of the development provider:
# authorize, token with PKCE, refresh, an API call. With a public, a confidential and a native client; the wrong way too.
# usage: Tests/scripts/guides.sh PATH/TO/postern-dev FIRST_FREE_PORT SECOND_FREE_PORT
set -euo pipefail
program=$1 idp_port=$2 api_port=$3
work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

origin=http://127.0.0.1:$idp_port
redirect=http://localhost:8080/bff/callback
checks=0

fail() { echo "guides: $layout/$client: $1" >&2; exit 1; }
same() { # WHAT EXPECTED FOUND
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}
member() { sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'; }
field() { grep -o 'name="'"$1"'" value="[^"]*"' "$work/page" | head -1 | sed 's/.*value="//; s/"$//'; }
encoded() { printf %s "$1" | sed 's/%/%25/g; s/:/%3A/g; s#/#%2F#g; s/ /%20/g'; }
base64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
new_verifier() { head -c 32 /dev/urandom | base64url; }
challenge_of() { printf %s "$1" | openssl dgst -sha256 -binary | base64url; }
parameter() { sed -n 's/.*[?&]'"$2"'=\([^&]*\).*/\1/p' <<<"$1"; }
# A person's browser: one cookie jar a walk. Prints the status and keeps the body.
browse() { curl -s -b "$work/jar" -c "$work/jar" -o "$work/page" -w '%{http_code} %{redirect_url}' "$@"; }
call() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }

start() { # LAYOUT
    "$program" idp --listen "127.0.0.1:$idp_port" --layout "$1" \
        --client "public=$redirect" --client "web:s3cret=$redirect" --client "native=yourApp:/callback" \
        --api api:api-secret >"$work/idp.log" 2>&1 &
    pids+=($!)
    "$program" api --listen "127.0.0.1:$api_port" --issuer "$issuer" --client api:api-secret >"$work/api.log" 2>&1 &
    pids+=($!)
    for port in "$idp_port" "$api_port"; do
        local tries=0
        until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
            tries=$((tries + 1))
            [ $tries -lt 600 ] || fail "nothing answers on port $port: $(cat "$work"/*.log)"
            sleep 0.05
        done
    done
}

stop() {
    kill "${pids[@]}"
    wait "${pids[@]}" || fail "the programs did not end well"
    pids=()
}

# From the authorization request to the code; sets $code. Extra parameters follow.
log_in() { # USER CHALLENGE [EXTRA]
    rm -f "$work/jar"
    local answer address
    answer=$(browse "$origin$authorize?client_id=$client&response_type=code&scope=openid%20profile%20offline_access\
&redirect_uri=$(encoded "$uri")&state=xyz&code_challenge_method=S256&code_challenge=$2${3:-}")
    same "the sign-in page" 200 "${answer%% *}"
    answer=$(browse -D "$work/head" "$origin$login" -d "interaction=$(field interaction)" -d "csrf=$(field csrf)" -d "user=$1")
    same "the click on a user" 303 "${answer%% *}"
    address=${answer#* }
    if [ -z "${address##"$origin"*}" ]; then
        # The first time, the provider asks whether the application may; later it remembers.
        answer=$(browse "$address")
        same "the consent page" 200 "${answer%% *}"
        browse -D "$work/head" "$origin$consent" -d decision=allow -d "interaction=$(field interaction)" \
            -d "csrf=$(field csrf)" -d "user=$1" >/dev/null
    fi
    # curl does not follow into an application's own scheme, so the field is read as it stands.
    address=$(tr -d '\r' <"$work/head" | sed -n 's/^[Ll]ocation: //p')
    case $address in "$uri?"*) ;; *) fail "expected to return to $uri, found '$address'" ;; esac
    same "state" xyz "$(parameter "$address" state)"
    same "iss" "$(encoded "$issuer")" "$(parameter "$address" iss)"
    code=$(parameter "$address" code)
}

# The token request of the guides; a confidential client adds its secret. An empty verifier is left out.
redeem() { # CODE VERIFIER
    call "$origin$token" "${secret[@]}" -d grant_type=authorization_code -d "client_id=$client" -d "redirect_uri=$uri" \
        -d "code=$1" ${2:+-d "code_verifier=$2"}
}
refresh() { call "$origin$token" "${secret[@]}" -d grant_type=refresh_token -d "client_id=$client" -d "refresh_token=$1"; }

walk() { # EXTRA
    local verifier other access old
    verifier=$(new_verifier)
    log_in alice "$(challenge_of "$verifier")" "$1"
    same "a wrong verifier" "400 invalid_grant" "$(redeem "$code" "$(new_verifier)") $(member error <"$work/body")"
    same "a missing verifier" "400 invalid_request" "$(redeem "$code" "") $(member error <"$work/body")"
    same "a wrong code" "400 invalid_grant" "$(redeem "x$code" "$verifier") $(member error <"$work/body")"
    same "the code" 200 "$(redeem "$code" "$verifier")"
    same "token_type" Bearer "$(member token_type <"$work/body")"
    same "expires_in" "$lifetime" "$(member expires_in <"$work/body")"
    same "scope" "openid profile offline_access" "$(member scope <"$work/body")"
    for name in access_token id_token refresh_token; do
        [ -n "$(member $name <"$work/body")" ] || fail "no $name in the answer"
    done
    access=$(member access_token <"$work/body")
    old=$(member refresh_token <"$work/body")
    same "the token's format" "$format" "$(case $access in *.*.*) echo jwt ;; *) echo opaque ;; esac)"

    same "userinfo" "200 alice" "$(call "$origin$userinfo" -H "Authorization: Bearer $access") $(member sub <"$work/body")"
    same "the API without token" 401 "$(call "http://127.0.0.1:$api_port/hello")"
    same "the API with a bad token" 401 "$(call "http://127.0.0.1:$api_port/hello" -H "Authorization: Bearer x$access")"
    same "the API" "$api_answer" "$(call "http://127.0.0.1:$api_port/hello" -H "Authorization: Bearer $access")"
    if grep -qF "$access" "$work/body"; then fail "the API gave the token back"; fi

    same "a refresh" 200 "$(refresh "$old")"
    access=$(member access_token <"$work/body")
    same "userinfo after it" 200 "$(call "$origin$userinfo" -H "Authorization: Bearer $access")"
    same "the old refresh token" "400 invalid_grant" "$(refresh "$old") $(member error <"$work/body")"
    same "the family after that" 401 "$(call "$origin$userinfo" -H "Authorization: Bearer $access")"

    log_in bob "$(challenge_of "$verifier")" "$1"
    same "a verifier used before" "400 invalid_grant" "$(redeem "$code" "$verifier") $(member error <"$work/body")"

    other=$(new_verifier)
    log_in bob "$(challenge_of "$other")" "$1"
    same "another code" 200 "$(redeem "$code" "$other")"
    access=$(member access_token <"$work/body")
    same "a code used before" "400 invalid_grant" "$(redeem "$code" "$other") $(member error <"$work/body")"
    same "the tokens of that code" 401 "$(call "$origin$userinfo" -H "Authorization: Bearer $access")"
}

try_layout() { # LAYOUT ISSUER PREFIX AUTHORIZE TOKEN USERINFO LIFETIME FORMAT
    layout=$1 issuer=$2 login=$3/login consent=$3/consent authorize=$4 token=$5 userinfo=$6 lifetime=$7
    local clients=(public web native)
    client=-
    start "$layout"
    same "discovery" "$issuer" "$(curl -s "${issuer%/}/.well-known/openid-configuration" | member issuer)"
    for client in "${clients[@]}"; do
        uri=$redirect secret=() format=$8 api_answer=200
        [ "$client" != web ] || secret=(-d client_secret=s3cret)
        [ "$client" != native ] || uri=yourApp:/callback
        if [ "$layout" = auth0 ]; then
            # With an audience the token is a JWT for that API, without one it says nothing to anybody but userinfo.
            format=jwt
            walk "&audience=api%3A%2F%2Fdefault"
            format=opaque
        fi
        walk ""
    done
    client=web uri=$redirect secret=(-d client_secret=wrong)
    same "a wrong secret" "401 invalid_client" "$(redeem x "$(new_verifier)") $(member error <"$work/body")"
    secret=()
    same "a missing secret" "401 invalid_client" "$(redeem x "$(new_verifier)") $(member error <"$work/body")"
    stop
}

try_layout plain "$origin" "" /authorize /token /userinfo 300 jwt
try_layout okta-org "$origin" /oauth2/v1 /oauth2/v1/authorize /oauth2/v1/token /oauth2/v1/userinfo 3600 opaque
try_layout okta-custom "$origin/oauth2/default" /oauth2/default/v1 /oauth2/default/v1/authorize \
    /oauth2/default/v1/token /oauth2/default/v1/userinfo 3600 jwt
try_layout auth0 "$origin/" "" /authorize /oauth/token /userinfo 86400 opaque
echo "guides: $checks checks, all good"
