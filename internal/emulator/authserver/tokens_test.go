package authserver_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, true)
	b := p.browser()
	for path, want := range map[string]map[string]string{
		"openid-configuration": {
			"authorization_endpoint": "/authentication/authorize", "token_endpoint": "/authentication/api/token",
			"signout_endpoint": "/authentication/api/signout",
		},
		"oidc-configuration":     {"token_endpoint": "/authentication/api/oidc/token"},
		"oauth2.0-configuration": {"token_endpoint": "/authentication/api/oauth2/token"},
	} {
		document := object(t, b.want(b.get("/authentication/.well-known/"+path), http.StatusOK, "issuer"))
		for name, path := range want {
			if document[name] != p.config.Authentication+path {
				t.Errorf("%s: %s is %v", path, name, document[name])
			}
		}
	}
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
	// Clients look into it.
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(id, ".")[1])
	want := fmt.Sprintf(`{"aud":"MAGICDRAW","exp":%d,"iat":%d,"iss":"%s/authentication","sub":"%s"}`,
		p.config.Now().Add(time.Hour).Unix(), p.config.Now().Unix(), p.config.Authentication, user)
	if string(claims) != want {
		t.Errorf("%v, the token says %s, want %s", err, claims, want)
	}
	call := func() *response { return b.get("/admin/api/x", "Authorization", "Token "+id) }
	p.advance(time.Hour - time.Second)
	b.want(call(), http.StatusOK, "data of "+user)
	p.advance(time.Second)
	b.want(call(), http.StatusUnauthorized, "")
	if got := p.Counts().TokensIssued; got != 1 {
		t.Errorf("%d tokens issued", got)
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
	}
}
