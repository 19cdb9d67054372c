package provider_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Calls of an API profile, besides list.
const (
	registerCall = `,"register":{"method":"POST","path":"/osmc/admin/oauthconsumers","json":{"name":"{name}","secret":"{secret}"},"response":{"key":"/key"}}`
	approveCall  = `,"approve":{"method":"PATCH","path":"/osmc/admin/oauthconsumers/{key}","json":{"approved":true}}`
	removeCall   = `,"remove":{"method":"DELETE","path":"/osmc/admin/oauthconsumers/{key}"}`
)

// profileWith returns an API profile of the emulator with a few calls.
func profileWith(calls string) []byte {
	return []byte(`{"profile":2,"server":"rest","description":"A few calls. And more.","approved":{"yes":[true],"no":[false]},"calls":{
"list":{"method":"GET","path":"/osmc/admin/oauthconsumers","response":{"key":"/key","name":"/name","approved":"/approved"},"pages":{"by":"none","known":"learned"}}` + calls + "}}")
}

// elsewhere returns the built-in API profile with another path for the consumers.
func elsewhere(t *testing.T, path string) []byte {
	t.Helper()
	content, err := json.Marshal(profile.BuiltIn())
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(content, []byte("/osmc/admin/oauthconsumers"), []byte(path))
}

// speak returns the API profile of a dialect, and has a server speak it.
func speak(t *testing.T, dialect string) (content []byte, spoken func(*emulator.Config)) {
	t.Helper()
	content, err := emulator.DialectJSON(dialect)
	if err != nil {
		t.Fatal(err)
	}
	return content, func(config *emulator.Config) {
		if err := config.SetDialect(dialect); err != nil {
			t.Fatal(err)
		}
	}
}

// profileBlock is a provider block with an API profile.
func (h *harness) profileBlock(t *testing.T, content []byte) string {
	t.Helper()
	return h.providerBlock(asAdmin, "api_profile_file = "+quote(writeFile(t, "profile.json", content)))
}

// A plan fails if it needs a call that the profile does not have.
func TestAccProfile_incomplete(t *testing.T) {
	t.Parallel()
	const name, secret = `name = "doors"`, `secret = "s3cret"`
	w := newWorkspace(t)
	expectRefused := func(calls, planned, call, doing string) {
		t.Helper()
		w.planFails(t, w.profileBlock(t, profileWith(calls))+planned).expectFailure(t, call, doing, "terraform-provider-twcloud check", "learn")
		w.expectWrites(t)
	}
	expectRefused("", consumer(name, secret), "register", "Planning to register")
	expectRefused(registerCall, consumer(name, secret, "approved = true"), "approve", "Planning to register")
	w.apply(t, w.profileBlock(t, profileWith(registerCall))+consumer(name, secret)).expectNone(t)
	w.requests()
	expectRefused(registerCall, consumer(name, secret, "approved = true"), "approve", "Planning to change")
	expectRefused(registerCall, "", "remove", "Planning to remove")
}

// A server that wants the secret with every change gets the configured one, and a
// change fails at plan if there is none.
func TestProfile_putSecret(t *testing.T) {
	t.Parallel()
	document, spoken := speak(t, "put-secret")
	r := newRuns(t, spoken)
	r.block["api_profile_file"] = writeFile(t, "profile.json", document)
	want := emulator.Consumer{Key: "key-1", Secret: "s3cret", Approved: true}
	named := func(form fields) consumers { return one(form, fields{"name": want.Name, "approved": true}) }
	for _, form := range []fields{stored("s3cret"), writeOnly("s3cret"), writeOnly("s3cret", 1)} {
		want.Name += "doors"
		r.apply(t, named(form)).expectNone(t)
		r.expectOnServer(t, want)
		r.expectState(t, want, 1)
		r.expectUnchanged(t, named(form))
	}
	// Under a version, a hash tells whether the configured secret is the one to send.
	want.Name = "renamed"
	r.apply(t, named(writeOnly("s3cret", 1))).expectNone(t)
	r.expectOnServer(t, want)
	for _, form := range []fields{nil, writeOnly("generated", 1)} {
		r.planFails(t, one(form, fields{"name": "windows", "approved": true})).
			expect(t, "error", "Unable to plan OAuth consumer", "failed: this change needs the secret", "next secret_wo_version")
	}
	r.expectOnServer(t, want)
}

// A life of a consumer on the platform, by page, by script, and by a token. Nothing is
// sent to the REST API, and each command signs in once and out again.
func TestAccDialects(t *testing.T) {
	t.Parallel()
	ofClient := asAdmin + "\nclient_id = \"twc-rest-api\"\nauth_secret = " + quote(emulator.AuthSecret)
	for dialect, credentials := range map[string]string{
		"put-all": asAdmin, "client-kinds": asAdmin, "redirects": asAdmin, "json-ld": ofClient, "key-map": "token = " + quote(emulator.AdminToken),
	} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			content, spoken := speak(t, dialect)
			w := newWorkspace(t, spoken)
			block := providerBlock("webapp_endpoint = "+quote(w.server.WebAppURL()), "authentication_endpoint = "+quote(w.server.AuthenticationURL()),
				credentials, "api_profile_file = "+quote(writeFile(t, "profile.json", content)))
			key := ""
			expect := func(name, secret string, approved bool) {
				t.Helper()
				key = w.only(t).Key
				w.expectOnServer(t, emulator.Consumer{Key: key, Name: name, Secret: secret, Approved: approved})
				if rest, platform := w.server.SessionsOpened(), w.server.PlatformSessions(); rest > 0 || len(platform) > 0 {
					t.Errorf("%d sessions of the REST API, and of the platform %+v", rest, platform)
				}
			}
			first := block + consumer(`name = "doors"`, `secret = "s3cret"`, "approved = true")
			w.apply(t, first).expectNone(t)
			expect("doors", "s3cret", true)
			signIns := w.server.PlatformCounts().SignIns
			w.expectUnchanged(t, first)
			if again := w.server.PlatformCounts(); again.SignIns > signIns+1 || again.FailedSignIns > 0 {
				t.Errorf("%+v", again)
			}
			w.server.UpdateConsumer(key, func(c *emulator.Consumer) { c.Name, c.Approved = "drifted", false })
			w.apply(t, first).expectNone(t)
			expect("doors", "s3cret", true)
			w.apply(t, block+consumer(`name = "windows"`, `secret = "another"`)).expectNone(t)
			expect("windows", "another", false)
			w.apply(t, block).expectNone(t)
			w.expectOnServer(t)
		})
	}
}

// Where people sign in elsewhere, the error says how to get a token.
func TestAccSingleSignOn(t *testing.T) {
	t.Parallel()
	content, spoken := speak(t, "wrapped")
	w := newWorkspace(t, spoken, func(config *emulator.Config) { config.Quirks = []authserver.Quirk{authserver.SingleSignOn} })
	w.planFails(t, w.profileBlock(t, content)+consumer(`name = "doors"`, `secret = "s3cret"`)).
		expect(t, "error", "Unable to sign in to Teamwork Cloud", "the sign-in leaves for another server", "sso.example.com", "auth_secret", "/osmc/authen/login", "twc-rest-api")
}
