package authserver_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, true)
	b := p.browser()
	for path, want := range map[string]map[string]string{
		"openid-configuration": {
			"authorization_endpoint": "/authentication/authorize", "token_endpoint": "/authentication/api/token",
			"validation_endpoint": "/authentication/api/validate", "signout_endpoint": "/authentication/api/signout",
		},
		"oidc-configuration":     {"token_endpoint": "/authentication/api/oidc/token"},
		"oauth2.0-configuration": {"token_endpoint": "/authentication/api/oauth2/token"},
	} {
		document := object(t, b.want(b.get("/authentication/.well-known/"+path), http.StatusOK, "jwks_uri"))
		for name, path := range want {
			if document[name] != p.config.Authentication+path {
				t.Errorf("%s: %s is %v", path, name, document[name])
			}
		}
	}
}

// verified returns what a token says, verified with the published keys as a client does.
func (b *browser) verified(token string) jwt.Claims {
	b.t.Helper()
	address, _ := object(b.t, b.get("/authentication/.well-known/openid-configuration"))["jwks_uri"].(string)
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(b.get(address).body), &keys); err != nil {
		b.t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		b.t.Fatal(err)
	}
	var claims jwt.Claims
	if err := parsed.Claims(keys, &claims); err != nil {
		b.t.Fatal(err)
	}
	return claims
}

// token returns a token of a response, which must have certain ones and no others.
func token(t testing.TB, r *response, name string, all ...string) string {
	t.Helper()
	document := object(t, r)
	for _, one := range []string{"access_token", "id_token", "refresh_token"} {
		_, has := document[one].(string)
		if want := one == name || strings.Contains(strings.Join(all, " "), one); has != want {
			t.Errorf("%s is there: %v, want %v", one, has, want)
		}
	}
	found, _ := document[name].(string)
	return found
}

func TestToken_clientCredentials(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) { config.TokenLifetime = time.Hour })
	b := p.browser()
	const address = "/authentication/api/token?grant_type=client_credentials&client_id="
	request := func(address, secret, name, password string) *response {
		authorized, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		authorized.SetBasicAuth(name, password)
		return b.do(http.MethodPost, address, "", "", "X-Auth-Secret", secret, "Authorization", authorized.Header.Get("Authorization"))
	}
	b.want(request(address+"MAGICDRAW", "wrong", user, password), http.StatusUnauthorized, `"invalid_client"`)
	b.want(request(address+"unknown", authSecret, user, password), http.StatusUnauthorized, `"invalid_client"`)
	b.want(request(address+"MAGICDRAW", authSecret, user, "wrong"), http.StatusUnauthorized, `"invalid_grant"`)
	b.want(request("/authentication/api/token?grant_type=password&client_id=MAGICDRAW", authSecret, user, password), http.StatusBadRequest, `"unsupported_grant_type"`)

	issued := b.want(request(address+"MAGICDRAW", authSecret, user, password), http.StatusOK, `"expires_in":3600`)
	id := token(t, issued, "id_token", "refresh_token")
	claims := b.verified(id)
	if claims.Subject != user || claims.Issuer != p.config.Authentication+"/authentication" || claims.Audience[0] != "MAGICDRAW" ||
		claims.Expiry.Time().Sub(p.config.Now()) != time.Hour {
		t.Errorf("claims %+v", claims)
	}
	call := func() *response { return b.get("/admin/api/x", "Authorization", "Token "+id) }
	validate := func() *response { return b.get("/authentication/api/validate", "Authorization", "Token "+id) }
	p.advance(time.Hour - time.Second)
	b.want(call(), http.StatusOK, "data of "+user)
	b.want(validate(), http.StatusOK, `"id"`)
	p.advance(time.Second)
	b.want(call(), http.StatusUnauthorized, "")
	b.want(validate(), http.StatusUnauthorized, "")
	if got := p.Counts().TokensIssued; got != 1 {
		t.Errorf("%d tokens issued", got)
	}
}

// What is not signed by this server, or for another one, is no token.
func TestToken_forged(t *testing.T) {
	t.Parallel()
	p, other := newPlatform(t, false), newPlatform(t, false)
	foreign, err := other.NewIDToken(user)
	if err != nil {
		t.Fatal(err)
	}
	own, err := p.NewIDToken(user)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(own, ".")
	for _, forged := range []string{foreign, parts[0] + "." + parts[1] + ".", parts[0] + "." + strings.Split(foreign, ".")[1] + "." + parts[2], "x", ""} {
		if name, kind := p.VerifyToken(forged); kind != authserver.NoToken || name != "" {
			t.Errorf("%q is a token of %q", forged, name)
		}
	}
	if name, kind := p.VerifyToken(own); kind != authserver.IDToken || name != user {
		t.Errorf("the token is one of %q, for %q", name, kind)
	}
}

func TestToken_personal(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	made, err := p.NewPersonalToken(user)
	if err != nil {
		t.Fatal(err)
	}
	p.advance(19 * 365 * 24 * time.Hour)
	for _, token := range []string{made, personal} {
		if name, kind := p.VerifyToken(token); kind != authserver.PersonalToken || name != user {
			t.Errorf("%q, %q", name, kind)
		}
	}
}

// client sends a form to a token endpoint as the registered client does.
func (b *browser) client(endpoint, secret string, form url.Values) *response {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, endpoint, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
	return b.postForm(endpoint, form, "Authorization", request.Header.Get("Authorization"))
}

func TestToken_clients(t *testing.T) {
	t.Parallel()
	for endpoint, kinds := range map[string]struct {
		name, further string
		kind          authserver.TokenKind
	}{
		"/authentication/api/oidc/token":   {"access_token", "id_token", authserver.AccessToken},
		"/authentication/api/oauth2/token": {"access_token", "", authserver.AccessToken},
	} {
		p := newPlatform(t, false)
		b := p.browser()
		form := url.Values{"grant_type": {"password"}, "username": {user}, "password": {password}}
		b.want(b.client(endpoint, "wrong", form), http.StatusUnauthorized, `"invalid_client"`)
		b.want(b.postForm(endpoint, form), http.StatusUnauthorized, `"invalid_client"`)
		issued := b.want(b.client(endpoint, clientSecret, form), http.StatusOK, `"token_type":"Bearer"`)
		access := token(t, issued, kinds.name, kinds.further, "refresh_token")
		if name, kind := p.VerifyToken(access); name != user || kind != kinds.kind {
			t.Errorf("%s: a token of %q, for %q", endpoint, name, kind)
		}
		form.Set("password", "wrong")
		b.want(b.client(endpoint, clientSecret, form), http.StatusBadRequest, `"invalid_grant"`)
		b.want(b.client(endpoint, clientSecret, url.Values{"grant_type": {"client_credentials"}}), http.StatusBadRequest, `"unsupported_grant_type"`)

		// A refresh token is good once, and for 14 days.
		refresh := func(text string) *response {
			return b.client(endpoint, clientSecret, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {text}})
		}
		first, _ := object(t, issued)["refresh_token"].(string)
		p.advance(14*24*time.Hour - time.Second)
		second, _ := object(t, b.want(refresh(first), http.StatusOK, "access_token"))["refresh_token"].(string)
		b.want(refresh(first), http.StatusBadRequest, `"invalid_grant"`)
		p.advance(14 * 24 * time.Hour)
		b.want(refresh(second), http.StatusBadRequest, `"invalid_grant"`)
	}
}

// The code of a registered client, and one of the shared clients, are each redeemed at
// their own endpoint.
func TestToken_authorizationCode(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) { config.RedirectRoots = []string{"https://rest.example:8111"} })
	b := p.browser()
	b.signIn("/webapp/pages/x")
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	code := func(client, target string) string {
		t.Helper()
		query := url.Values{"scope": {"openid"}, "response_type": {"code"}, "client_id": {client}, "redirect_uri": {target}, "state": {"a b"}, "nonce": {"once"}}
		location, err := url.Parse(b.want(b.get("/authentication/authorize?"+query.Encode()), http.StatusFound, "").header.Get("Location"))
		if err != nil || location.Query().Get("state") != "a b" || !strings.HasPrefix(location.String(), target+"?") {
			t.Fatalf("%s, %v", location, err)
		}
		return location.Query().Get("code")
	}
	form := func(code, client, target string) url.Values {
		return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {client}, "redirect_uri": {target}}
	}
	const platformEndpoint, clientEndpoint = "/authentication/api/token", "/authentication/api/oidc/token"

	issued := code(clientID, clientTarget)
	got := b.client(clientEndpoint, clientSecret, form(issued, clientID, clientTarget))
	token(t, b.want(got, http.StatusOK, ""), "id_token", "access_token", "refresh_token")
	b.want(b.client(clientEndpoint, clientSecret, form(issued, clientID, clientTarget)), http.StatusBadRequest, "invalid_grant")

	const shared, target = "MAGICDRAW", "https://rest.example:8111/osmc/callback"
	ask := func(code, target string) *response {
		return b.postForm(platformEndpoint, form(code, shared, target), "X-Auth-Secret", authSecret)
	}
	token(t, b.want(ask(code(shared, target), target), http.StatusOK, ""), "id_token", "refresh_token")
	b.want(ask(code(shared, target), target+"/other"), http.StatusBadRequest, "invalid_grant")
	b.want(ask(code(clientID, clientTarget), clientTarget), http.StatusBadRequest, "invalid_grant")
	late := code(shared, target)
	p.advance(15 * time.Second)
	b.want(ask(late, target), http.StatusBadRequest, "invalid_grant")
}
