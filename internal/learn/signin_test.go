package learn

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// A user whose credentials have all that is special in forms and in JSON.
var canaryUser = Credentials{Username: "canary-user@x", Password: "canary-pä&s+w%rd x"}

// filled puts the user's credentials into lines: USER and PASSWORD as forms encode
// them, "USER" and "PASSWORD" as JSON.
func filled(lines string) string {
	quoted := func(text string) string { content, _ := json.Marshal(text); return string(content) }
	return strings.NewReplacer(`"USER"`, quoted(canaryUser.Username), `"PASSWORD"`, quoted(canaryUser.Password),
		"USER", url.QueryEscape(canaryUser.Username), "LATIN1", "canary-p%E4%26s%2Bw%25rd+x", "PASSWORD", url.QueryEscape(canaryUser.Password)).Replace(lines)
}

// signedIn is a recording of the steps on the platform, with a sign-in before them.
func signedIn(sign, ending, headers string) []request {
	shape := plain(created, approvals, edits, removed)
	all := append(steps(filled(sign)), shape.requests()...)
	if ending != "" {
		all = append(all, steps(ending)...)
	}
	for i := range all {
		all[i].path = strings.Replace(all[i].path, "/osmc/admin/", "/admin/api/", 1)
		if strings.HasPrefix(all[i].path, "/admin/api/") && headers != "" {
			all[i].headers += "\n" + headers
		}
	}
	return all
}

const (
	signOutLine = "GET /webapp/logout?id_token_hint=canary-token-9931 -> 302 | < Location: /authentication/api/signout\nGET /authentication/api/signout -> 200 <html>bye</html>"
	toSignIn    = "GET /admin/ -> 302 | Upgrade-Insecure-Requests: 1 | < Location: /authentication/authorize?client_id=webApplicationPlatform&state=canary-state-5512\n" +
		"GET /authentication/authorize?client_id=webApplicationPlatform&state=canary-state-5512 -> 302 | < Location: /authentication/login?execution=canary-e1s1-2231\n"
	signInPage = `GET /authentication/login?execution=canary-e1s1-2231 -> 200 <html><form method="post"><input type="hidden" name="_t" value="canary-hidden-7733"><input name="who"><input type="password" name="word"><select name="realm"><option>LDAP</option><option>Local</option></select><input type="checkbox" name="remember-me"><button name="b" value="Sign in"></button></form></html>` + "\n"
	back       = "GET /admin/callback?code=canary-code-77a1&state=canary-state-5512 -> 302 | < Location: /admin/\nGET /admin/ -> 200 <html>in</html>\n"
	posted     = "POST /authentication/login?execution=canary-e1s1-2231 _t=canary-hidden-7733&who=USER&word=PASSWORD&realm=LDAP&b=Sign+in -> 302 | < Location: /admin/callback?code=canary-code-77a1&state=canary-state-5512\n"
	pageForm   = `{"by":"page","start":"/admin/","steps":[{"form":{"b":"Sign in","who":"{username}","word":"{password}"}}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`
	emptyPage  = "GET /authentication/login?execution=canary-e1s1-2231 -> 200 <html><input id=\"u\"><input id=\"p\" type=\"password\"></html>\n"
	lostPage   = "GET /authentication/login?execution=canary-e1s1-2231 -> 200  | < Content-Type: text/html\n"
	taken      = `{"known":"assumed","by":"token","scheme":"Token"}`
)

func asJSON(t *testing.T, value any) string {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// How requests are authorized is learned from each kind of sign-in, in the recordings
// of each browser.
func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		signIn, signOut, headers string
		want                     string // the sign-in of the profile; as it is with both credentials given and without
		finding                  string // what makes it partial
		stripped                 string // what makes it partial if cookies and Authorization are left out
	}{
		"a form":               {signIn: toSignIn + signInPage + posted + back, signOut: signOutLine, want: pageForm},
		"a form in ISO 8859-1": {signIn: toSignIn + signInPage + strings.Replace(posted, "PASSWORD", "LATIN1", 1) + back, signOut: signOutLine, want: pageForm},
		"another choice": {
			signIn: toSignIn + signInPage + strings.Replace(posted, "realm=LDAP", "realm=Local", 1) + back, signOut: signOutLine,
			want: strings.Replace(pageForm, `"b":"Sign in",`, `"b":"Sign in","realm":"Local",`, 1),
		},
		"wrong password first": {
			signIn: toSignIn + signInPage + strings.Replace(strings.Replace(signInPage, "GET", "POST", 1), "2231 ->", "2231 who=USER&word=canary-wrong&realm=LDAP&b=Sign+in ->", 1) + posted + back, signOut: signOutLine,
			want: pageForm,
		},
		"a form without its page": {
			signIn:  toSignIn + lostPage + strings.Replace(strings.Replace(posted, "who", "j_username", 1), "word=", "j_password=", 1) + back,
			signOut: signOutLine,
			want:    `{"by":"page","start":"/admin/","steps":[{"form":{"b":"Sign in","j_password":"{password}","j_username":"{username}","realm":"LDAP"}}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`,
		},
		"two pages": {
			signIn: toSignIn + `GET /authentication/login?execution=canary-e1s1-2231 -> 200 <html><form><input type="hidden" name="_t" value="canary-hidden-7733"><input name="who"></form></html>` + "\n" +
				"POST /authentication/login _t=canary-hidden-7733&who=USER -> 302 | < Location: /authentication/password\n" +
				`GET /authentication/password -> 200 <html><form><input type="hidden" name="who" value="` + canaryUser.Username + `"><input type="password" name="word"></form></html>` + "\n" +
				"POST /authentication/password who=USER&word=PASSWORD -> 302 | < Location: /admin/callback?code=canary-code-77a1\n" + back,
			signOut: signOutLine,
			want:    `{"by":"page","start":"/admin/","steps":[{"form":{"who":"{username}"}},{"form":{"word":"{password}"}}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`,
		},
		"JSON": {
			signIn: toSignIn + emptyPage +
				`POST /authentication/api/login {"user":{"login":"USER","password":"PASSWORD"},"remember":false,"flow":"canary-e1s1-2231"} -> 200 {"links":{"next":"https://canary-host.example:8111/admin/callback?code=canary-code-77a1&state=canary-state-5512"}}` + "\n" + back,
			signOut: signOutLine,
			want:    `{"by":"page","start":"/admin/","steps":[{"method":"POST","path":"/authentication/api/login","json":{"flow":"{query.execution}","remember":false,"user":{"login":"{username}","password":"{password}"}},"next":"/links/next"}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`,
		},
		"JSON with a value of the response before": {
			signIn: toSignIn + emptyPage +
				`POST /authentication/api/begin {} -> 200 {"flow":{"id":"canary-flow-88121"}}` + "\n" +
				`POST /authentication/api/login {"username":"USER","password":"PASSWORD","flow":"canary-flow-88121"} -> 204` + "\n" + back,
			signOut: signOutLine,
			want:    `{"by":"page","start":"/admin/","steps":[{"method":"POST","path":"/authentication/api/begin","json":{}},{"method":"POST","path":"/authentication/api/login","json":{"flow":"{response./flow/id}","password":"{password}","username":"{username}"}}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`,
		},
		"JSON with an unknown value": {
			signIn: toSignIn + emptyPage +
				`POST /authentication/api/login {"username":"USER","password":"PASSWORD","device":"canary-device-99182"} -> 204` + "\n" + back,
			signOut: signOutLine, finding: "POST /authentication/api/login sends device, and the recording does not show where its value comes from",
			want: `{"by":"page","start":"/admin/","steps":[{"method":"POST","path":"/authentication/api/login","json":{"device":"","password":"{password}","username":"{username}"}}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`,
		},
		"a field that a script fills": {
			signIn:  toSignIn + signInPage + strings.Replace(posted, "_t=canary-hidden-7733", "_t=canary-filled-6612", 1) + back,
			signOut: signOutLine, finding: "POST /authentication/login sends _t, and the recording does not show", want: pageForm,
		},
		"a field that a script adds": {
			signIn:  toSignIn + signInPage + strings.Replace(posted, "_t=", "extra=canary-1&_t=", 1) + back,
			signOut: signOutLine, finding: "sends extra, which a script adds", want: pageForm,
		},
		"consent, and a form that a script submits": {
			signIn: toSignIn + signInPage + strings.Replace(posted, "/admin/callback?code=canary-code-77a1&state=canary-state-5512", "/authentication/consent", 1) +
				`GET /authentication/consent -> 200 <html><form><input type="hidden" name="_t" value="canary-hidden-1"><button name="decision" value="allow"></button><button name="decision" value="deny"></button></form></html>` + "\n" +
				"POST /authentication/consent _t=canary-hidden-1&decision=allow -> 302 | < Location: /authentication/form\n" +
				`GET /authentication/form -> 200 <html><form action="/admin/callback"><input type="hidden" name="code" value="canary-code-77a1"></form><script>document.forms[0].submit()</script></html>` + "\n" +
				"POST /admin/callback code=canary-code-77a1 -> 302 | < Location: /admin/\nGET /admin/ -> 200 <html>in</html>",
			signOut: signOutLine,
			want:    strings.Replace(pageForm, `],"sign_out"`, `,{"form":{"decision":"allow"}}],"sign_out"`, 1),
		},
		"no sign-out": {
			signIn: toSignIn + signInPage + posted + back, finding: "Sign out at the end (step 6)",
			want: strings.Replace(pageForm, "/webapp/logout", "/authentication/api/signout", 1),
		},
		"the sign-in page first": {
			signIn: signInPage + posted + back, signOut: signOutLine,
			want: strings.Replace(pageForm, "/admin/", "/authentication/login", 1), finding: "with execution in the query, which a script has made",
		},
		"a page that was open before": {
			signIn:  strings.Replace(strings.Replace(posted, "who", "j_username", 1), "word=", "j_password=", 1) + back,
			signOut: signOutLine,
			want:    `{"by":"page","start":"/admin/","steps":[{"form":{"b":"Sign in","j_password":"{password}","j_username":"{username}","realm":"LDAP"}}],"sign_out":{"method":"GET","path":"/webapp/logout"}}`,
		},
		"single sign-on": {
			signIn:  toSignIn + "GET https://sso.canary-idp.example/login -> 200 <html><form><input name=\"u\"><input type=\"password\" name=\"p\"></form></html>\nPOST https://sso.canary-idp.example/login u=USER&p=PASSWORD -> 302\n" + back,
			finding: "another server (single sign-on)", want: taken,
		},
		"the authentication server at another address": {
			signIn:  strings.ReplaceAll(toSignIn+signInPage+posted+back, "/authentication/", "https://canary-auth.example:9443/authentication/"),
			signOut: signOutLine, want: pageForm,
		},
		"begun after the sign-in": {finding: "sign_in: not found, and the calls carry no token. Record from before the sign-in", want: taken},
		"a token": {
			signIn:  toSignIn + signInPage + posted + back + `GET /webapp/token -> 200 {"id_token":"canary-token-99310001"}`,
			headers: "Authorization: Bearer canary-bearer-token-1", signOut: signOutLine, stripped: "leaves Authorization out of the recording",
			want: `{"by":"token","sign_out":{"method":"GET","path":"/webapp/logout"},"scheme":"Bearer"}`,
		},
		"sessions in paths": {
			signIn:  strings.NewReplacer("/authentication/login", "/authentication/login;jsessionid=canaryABC", "/admin/ ", "/admin/;jsessionid=canaryABC ").Replace(toSignIn + signInPage + posted + back),
			signOut: strings.Replace(signOutLine, "/webapp/logout", "/webapp/logout;jsessionid=canaryABC", 1), want: pageForm,
		},
		"an address that is not fixed": {
			signIn: toSignIn + emptyPage +
				`POST /authentication/api/login/0a1b2c3d4e5f60718293 {"username":"USER","password":"PASSWORD"} -> 204` + "\n" + back,
			signOut: signOutLine, want: taken, finding: "sign_in: left out, because a profile cannot describe it at steps/0/path",
		},
		"a token alone": {
			headers: "Authorization: Token canary-bearer-token-1", want: `{"by":"token","scheme":"Token"}`, stripped: "Record from before the sign-in",
		},
		"Basic": {stripped: "Record from before the sign-in", headers: "Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", want: taken, finding: "carry Authorization with Basic"},
	} {
		for _, given := range []Credentials{{}, canaryUser} {
			for _, browser := range browsers {
				t.Run(name+"/"+browser.name+"/"+given.Username, func(t *testing.T) {
					t.Parallel()
					finding, want := test.finding, test.want
					if browser.stripped && test.stripped != "" {
						if finding, want = test.stripped, taken; test.signIn != "" {
							want = pageForm
						}
					}
					result := learnAs(t, browser.write(t, signedIn(test.signIn, test.signOut, test.headers)), given)
					learned, problems := profile.Parse(result.Profile)
					if len(problems) > 0 {
						t.Fatalf("%v\n%s\n%s", problems, result.Findings, result.Profile)
					}
					if difference := cmp.Diff(want, asJSON(t, learned.SignIn)); difference != "" {
						t.Errorf("%s\n%s", difference, result.Findings)
					}
					if result.Complete != (finding == "") || !strings.Contains(result.Findings, finding) {
						t.Errorf("complete %t, want %q:\n%s", result.Complete, finding, result.Findings)
					}
				})
			}
		}
	}
}

// A password is recognized by its value alone, in the charset of the page.
func TestSignIn_givenPassword(t *testing.T) {
	t.Parallel()
	for _, line := range []string{posted, strings.Replace(posted, "PASSWORD", "LATIN1", 1)} {
		result := learnAs(t, browsers[0].write(t, signedIn(toSignIn+line+back, signOutLine, "")), canaryUser)
		if learned, _ := profile.Parse(result.Profile); len(learned.SignIn.Steps) == 0 || learned.SignIn.Steps[0].Form["word"] != profile.Password {
			t.Errorf("%s%s", result.Findings, result.Profile)
		}
	}
}

// A profile for the REST API alone needs no sign-in, also if the page has one.
func TestSignIn_notNeeded(t *testing.T) {
	t.Parallel()
	shape := plain(created, approvals, edits, removed)
	for _, sign := range []string{"", filled(toSignIn + signInPage + posted + back)} {
		all := shape.requests()
		if sign != "" {
			all = slices.Concat(steps(sign), all)
		}
		result := learnBytes(t, browsers[0].write(t, all))
		if learned, _ := profile.Parse(result.Profile); learned.SignIn != nil || !result.Complete {
			t.Errorf("complete %t: %s", result.Complete, result.Findings)
		}
	}
}
