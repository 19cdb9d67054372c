package learn

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

var update = flag.Bool("update", false, "write what is learned of each shape to testdata/shapes")

// strippedReading is what only a recording without cookies adds.
const strippedReading = "  The recording has no cookies: the browser leaves them out. Whether a request repeats one cannot be seen.\n"

// What is learned of an API is the same for each browser, among 300 other
// requests. The files in testdata/shapes have it word for word.
func TestShapes(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes {
		file := filepath.Join("testdata", "shapes", strings.ReplaceAll(name, " ", "-")+".txt")
		for _, browser := range browsers {
			t.Run(name+"/"+browser.name, func(t *testing.T) {
				t.Parallel()
				result := learnBytes(t, browser.write(t, withNoise(shape.requests())))
				got := result.Findings + "\n" + string(result.Profile)
				got = strings.ReplaceAll(got, "\nHow it was read:\n"+strippedReading+"\n", "\n")
				got = strings.ReplaceAll(got, strippedReading, "")
				if *update && browser.name == "chromium" {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if difference := cmp.Diff(string(want), got); difference != "" {
					t.Error(difference)
				}
				if result.Complete != strings.Contains(got, "The profile is complete") {
					t.Errorf("complete: %t", result.Complete)
				}
			})
		}
	}
}

// What a recording lacks is named, with what to do. A consumer that is left from an
// earlier try is told from the new one, or is said to be in the way.
func TestLearn_incomplete(t *testing.T) {
	t.Parallel()
	const left = `{"key":"0ther-canary-key","name":"twcloud-learn","approved":true},{"key":"0ther-canary-key-2","name":"twcloud-learn-renamed","approved":true}`
	const refused = "POST " + collection + ` {"name":"NAME1","secret":"SECRET1"} -> 40`
	for name, test := range map[string]struct {
		steps  []string
		others string
		want   string
	}{
		"without removal":         {[]string{created, approvals, edits}, "", "remove: not found. Remove the consumer (step 5), and record again."},
		"without approvals":       {[]string{created, edits, removed}, "", "approve: not found. Approve the consumer (step 3), and record again."},
		"without second approval": {[]string{created, "POST " + collection + "/KEY/approve -> 204", edits, removed}, "", "disapprove: not found"},
		"refused":                 {[]string{refused + "3"}, "", "has refused the registration"},
		"made on the server":      {[]string{"GET /osmc/oauth/consumers -> 200 <html>NAME1</html>"}, "", "made on the server"},
		"another name":            {[]string{"POST " + collection + ` {"name":"other","secret":"SECRET1"} -> 201`}, "", "no request sends the name"},
		"left, and told apart":    {[]string{created, approvals, edits, removed}, left, "The profile is complete"},
		"left, and refused":       {[]string{refused + "0"}, left, "Remove it first"},
		"left, refused with 200":  {[]string{"POST " + collection + ` {"name":"NAME1","secret":"SECRET1"} -> 200 {"success":false}`}, left, "Remove it first"},
		"left, rename refused": {
			[]string{created, approvals, "PATCH " + collection + `/KEY {"name":"NAME2"} -> 422`, "PATCH " + collection + `/KEY {"secret":"SECRET2"} -> 204`, removed},
			left, "Remove that consumer",
		},
	} {
		shape := plain(test.steps...)
		if test.others != "" {
			shape.others = test.others
		}
		result := learnBytes(t, browsers[0].write(t, shape.requests()))
		if complete := strings.Contains(test.want, "complete"); result.Complete != complete || !strings.Contains(result.Findings, test.want) {
			t.Errorf("%s: want %q, got:\n%s", name, test.want, result.Findings)
		}
	}
}

// A recording with each request twice, as a service worker makes it, is learned like
// one without.
func TestLearn_twice(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes {
		var twice []request
		for i, one := range withNoise(shape.requests()) {
			double := one
			if double.answer = ""; i%3 == 0 { // One of both may lack a body.
				double.apart = true
				twice = append(twice, double, one)
			} else if i%3 == 1 {
				twice = append(twice, one, double)
			} else {
				twice = append(twice, one, one)
			}
		}
		want := learnBytes(t, browsers[0].write(t, withNoise(shape.requests())))
		got := learnBytes(t, browsers[0].write(t, twice))
		if difference := cmp.Diff(string(want.Profile), string(got.Profile)); difference != "" || want.Complete != got.Complete {
			t.Errorf("%s: complete %t, %s\n%s", name, got.Complete, difference, got.Findings)
		}
	}
}

// Words that each request sends are no key, a feed of what has happened is not the list,
// and a type that changes with the approval tells no kinds apart.
func TestLearn_distractions(t *testing.T) {
	t.Parallel()
	const news = "GET /osmc/news -> 200 " + `[{"text":"NAME1","of":"KEY"}]`
	shape := plain(
		"POST "+collection+` {"name":"NAME1","secret":"SECRET1","client":"OAUTH1"} -> 201 {"client":"OAUTH1","number":"KEY"}`,
		strings.ReplaceAll(approvals, " ->", ` {"client":"OAUTH1"} ->`),
		"PATCH "+collection+`/KEY {"name":"NAME2","client":"OAUTH1"} -> 204`, "PATCH "+collection+`/KEY {"secret":"SECRET2","client":"OAUTH1"} -> 204`,
		"DELETE "+collection+"/KEY?client=OAUTH1 -> 204")
	shape.list = steps("GET " + collection + "?client=OAUTH1 -> 200 [%s]")[0]
	shape.item, shape.others = wordItem(`{"number":"KEY","name":%q,"type":%q}`, "APPROVED", "NEW"), `{"number":"0ther-canary-key","name":"Canary Consumer","type":"APPROVED"}`
	all := shape.requests()
	all = slices.Insert(all, 3, slices.Repeat(steps(news), 20)...)
	result := learnBytes(t, browsers[0].write(t, all))
	learned, _ := profile.Parse(result.Profile)
	if list := learned.Calls.List; !result.Complete || list.Path != collection || *list.Response.Key != "/number" || len(list.Response.Only) > 0 || learned.Calls.Remove.Path != collection+"/{key}" {
		t.Errorf("%s%s", result.Findings, result.Profile)
	}
}

// A page need not load the list between the approvals: what a disapproval sends is a
// literal, although the consumer had it before the approval.
func TestLearn_listNotLoadedBetween(t *testing.T) {
	t.Parallel()
	shape := plain(created, approving("PATCH "+collection+`/KEY {"approved":true} -> 204`), edits, removed)
	all := shape.requests() // the list, and the list after each step
	all = slices.Concat(all[:4], all[5:6], all[7:])
	result := learnBytes(t, browsers[0].write(t, all))
	learned, _ := profile.Parse(result.Profile)
	if want := map[string]any{"approved": false}; !result.Complete || !cmp.Equal(learned.Calls.Disapprove.JSON, any(want)) {
		t.Errorf("%s%s", result.Findings, result.Profile)
	}
}

// A list that is loaded once shows no difference. What else may be missing is named.
func TestLearn_listLoadedOnce(t *testing.T) {
	t.Parallel()
	shape := shapes["patch"]
	all := shape.requests() // the list, and the list after each step
	all = slices.Concat(all[:2], all[3:4], all[5:6], all[7:])
	result := learnBytes(t, browsers[0].write(t, all))
	if result.Profile != nil || !strings.Contains(result.Findings, "Reload the list after each approval and disapproval") || strings.Contains(result.Findings, "open an issue") {
		t.Error(result.Findings)
	}
}

// A read that lacks what a change sends back is of no use. Neither is the name of who has
// approved: it may stand where the approval is looked for.
func TestLearn_membersOfTheConsumer(t *testing.T) {
	t.Parallel()
	shape := plain(created,
		approving("PUT "+collection+`/KEY {"name":"NAME1","approved":true,"version":3} -> 204`),
		"PUT "+collection+`/KEY {"name":"NAME2","secret":"SECRET2","approved":true,"version":3} -> 204`, removed)
	shape.item = func(name string, approved bool) string {
		by := map[bool]string{true: `"somebody"`, false: "null"}[approved]
		state := map[bool]string{true: "ACTIVE", false: "NEW"}[approved]
		return fmt.Sprintf(typedIn(`{"key":"KEY","name":%q,"approver":%s,"approvedByName":%s,"state":%q,"version":3}`), name, by, by, state)
	}
	all := slices.Insert(shape.requests(), 3, steps("GET "+collection+`/KEY -> 200 {"key":"KEY","name":"NAME1","state":"NEW"}`)...)
	result := learnBytes(t, browsers[0].write(t, all))
	learned, _ := profile.Parse(result.Profile)
	if !result.Complete || learned.Calls.Read != nil || *learned.Calls.List.Response.Approved != "/state" || learned.Keep["version"] != "/version" {
		t.Errorf("%s%s", result.Findings, result.Profile)
	}
}

// Who approves twice is understood.
func TestLearn_approvedTwice(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"patch", "put with an empty secret", "two ways to save one form"} {
		shape := shapes[name]
		all := shape.requests() // the list, and the list after each step
		want := learnBytes(t, browsers[0].write(t, all))
		got := learnBytes(t, browsers[0].write(t, slices.Concat(all[:5], all[3:])))
		if !bytes.Equal(got.Profile, want.Profile) || !got.Complete {
			t.Errorf("%s: %s", name, got.Findings)
		}
	}
}

// Bodies that a recording lacks are named, with how to record them.
func TestLearn_withoutBodies(t *testing.T) {
	t.Parallel()
	shape := withPage(`<html><meta name="_csrf" content="canary-token-abc"></html>`, "canary-token-abc")
	drop := func(of object) { delete(of, "text") }
	for name, test := range map[string]struct {
		method, part string
		change       func(of object)
		want         string
	}{
		"left out": {"GET", "content", drop, "the response to GET " + collection},
		"in files": {"GET", "content", func(of object) { drop(of); delete(of, "size"); of["_file"] = "x.json" }, "the response to GET " + collection},
		"cut off":  {"GET", "content", func(of object) { of["text"] = of["text"].(string)[:20] }, "the response to GET " + collection},
		"key":      {"POST", "content", drop, "the response to POST " + collection},
		"a page": {"GET", "content", func(of object) {
			if of["mimeType"] == "text/html; charset=utf-8" {
				drop(of)
			}
		}, "the response to GET /osmc/oauth/page"},
		"changes":  {"PATCH", "postData", func(of object) { drop(of); of["_file"] = "x.json" }, "the request PATCH " + collection + "/{key}"},
		"register": {"POST", "postData", func(of object) { drop(of); of["_file"] = "x.json" }, "the request POST " + collection},
	} {
		var recording struct{ Log struct{ Entries []object } }
		if err := json.Unmarshal(browsers[0].write(t, withNoise(shape.requests())), &recording); err != nil {
			t.Fatal(err)
		}
		for _, entry := range recording.Log.Entries {
			request, response := entry["request"].(object), entry["response"].(object)
			for part, of := range map[string]any{"content": response["content"], "postData": request["postData"]} {
				if members, _ := of.(object); request["method"] == test.method && part == test.part && len(fmt.Sprint(members["text"])) > 20 {
					test.change(members)
				}
			}
		}
		content, err := json.Marshal(object{"log": object{"entries": recording.Log.Entries}})
		if err != nil {
			t.Fatal(err)
		}
		result := learnBytes(t, content)
		for _, want := range []string{"lacks bodies", test.want, "responseBodyLimit"} {
			if result.Complete || !strings.Contains(result.Findings, want) || strings.Contains(result.Findings, "open an issue") {
				t.Errorf("%s: want %q, got:\n%s", name, want, result.Findings)
			}
		}
	}
}

// What announces further pages is reported, and the list is not taken as whole.
func TestLearn_announcedPages(t *testing.T) {
	t.Parallel()
	for line, sign := range map[string]string{
		`GET /osmc/c -> 200 [%s] | < Link: </osmc/c?p=2>; rel="next"`:           "Link",
		`GET /osmc/c?page=1 -> 200 [%s]`:                                        "page",
		`GET /osmc/c?limit=2 -> 200 [%s]`:                                       "limit",
		`GET /osmc/c -> 200 {"items":[%s],"total":17}`:                          "total",
		`GET /osmc/c -> 200 {"items":[%s],"hasMore":true}`:                      "hasMore",
		`GET /osmc/c -> 200 {"items":[%s],"last":false}`:                        "last",
		`GET /osmc/c -> 200 {"items":[%s],"links":{"next":{"href":"/osmc/d"}}}`: "next",
		`GET /osmc/c -> 200 {"items":[%s],"page":{"nextCursor":"x"}}`:           "nextCursor",
		`GET /osmc/c -> 200 {"items":[%s],"next":null,"last":true,"more":""}`:   "",
	} {
		shape := shapes["patch"]
		shape.list = steps(line)[0]
		result := learnBytes(t, browsers[0].write(t, shape.requests()))
		learned, _ := profile.Parse(result.Profile)
		if reported := strings.Contains(result.Findings, "list: "+sign+" says that the list has pages"); reported != (sign != "") || result.Complete != (sign == "") || (learned.Calls.List.Pages.Known == profile.Assumed) != (sign != "") {
			t.Errorf("%s: want %q, got:\n%s%s", line, sign, result.Findings, result.Profile)
		}
	}
}

// A page may percent-decode the cookie of the token before it sends it.
func TestLearn_encodedCookie(t *testing.T) {
	t.Parallel()
	for cookie, decode := range map[string]bool{"canary%2Btoken%3D%3D": true, "canary+token==": false} {
		shape := withHeaders("X-XSRF-TOKEN: canary+token== | Cookie: XSRF-TOKEN=" + cookie)
		result := learnBytes(t, browsers[0].write(t, shape.requests()))
		learned, _ := profile.Parse(result.Profile)
		want := &profile.CSRF{From: "cookie", Name: "XSRF-TOKEN", Decode: decode}
		if difference := cmp.Diff(want, learned.CSRF); difference != "" || !result.Complete || learned.Calls.Remove.Headers["X-Xsrf-Token"] != profile.CSRFToken {
			t.Errorf("%s: %s\n%s", cookie, difference, result.Findings)
		}
	}
}

// Another consumer may be called like a part of a profile.
func TestLearn_wordsOfProfiles(t *testing.T) {
	t.Parallel()
	shape := shapes["patch"]
	shape.others = `{"key":"json","name":"path","approved":true},{"key":"name","name":"approved","approved":true}`
	if result := learnBytes(t, browsers[0].write(t, shape.requests())); !result.Complete {
		t.Error(result.Findings)
	}
}

// learnBytes is learnAs for a user whose credentials are not known.
func learnBytes(t testing.TB, content []byte) *Result {
	t.Helper()
	return learnAs(t, content, Credentials{})
}

// learnAs learns from a recording. Nothing private comes out, and what comes out is a
// valid profile.
func learnAs(t testing.TB, content []byte, user Credentials) *Result {
	t.Helper()
	entries, err := har.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	result := Learn(entries, user)
	written := string(result.Profile) + result.Findings
	for _, canary := range canaries {
		for _, encoded := range encodings(canary) {
			if strings.Contains(written, encoded) {
				t.Errorf("%q is written:\n%s", encoded, written)
			}
		}
	}
	if result.Profile != nil {
		if _, problems := profile.Parse(result.Profile); len(problems) > 0 {
			t.Errorf("%v\n%s", problems, result.Profile)
		}
	}
	return result
}

// canaries are in each recording of withNoise, and in those of private places.
var canaries = []string{
	"canary", "Canary", otherKey, testKey, firstSecret, secondSecret, "sso.", "metrics.", "9931", "77a1", canaryUser.Username, canaryUser.Password,
}

// encodings are other ways to write a text.
func encodings(text string) []string {
	reversed := []rune(text)
	slices.Reverse(reversed)
	return []string{
		text, strings.ToUpper(text), url.QueryEscape(text), url.PathEscape(text), string(reversed),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
		hex.EncodeToString([]byte(text)), strings.Trim(fmt.Sprintf("%+q", text), `"`),
	}
}

// Nothing private gets into a profile, in whatever place it is sent: the profile
// lacks the call, or the header, instead.
func TestPrivatePlaces(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"cookie in the body":        "POST " + collection + `/KEY/approve {"session":"canary-session-1f3a09b7c2"} -> 204`,
		"cookie in a larger text":   "POST " + collection + `/KEY/approve {"x":"a canary-session-1f3a09b7c2 b"} -> 204`,
		"cookie as a name":          "POST " + collection + `/KEY/approve {"canary-session-1f3a09b7c2":1} -> 204`,
		"cookie in a form":          "POST " + collection + `/KEY/approve sid=canary-session-1f3a09b7c2 -> 204`,
		"cookie as a form's name":   "POST " + collection + `/KEY/approve canary-session-1f3a09b7c2=1 -> 204`,
		"token twice in the query":  "POST " + collection + `/KEY/approve?token=canary-token-a&token=canary-token-b -> 204`,
		"cookie in a redirect":      "POST " + collection + `/KEY/approve -> 302 | < Location: /osmc/list/canary-session-1f3a09b7c2`,
		"cookie in the query":       "POST " + collection + `/KEY/approve?sid=canary-session-1f3a09b7c2 -> 204`,
		"cookie in the path":        "POST " + collection + `/KEY/canary-session-1f3a09b7c2/approve -> 204`,
		"cookie encoded":            "POST " + collection + `/KEY/%63anary-session-1f3/approve -> 204`,
		"cookie in a header":        "POST " + collection + `/KEY/approve -> 204 | X-Session: canary-session-1f3a09b7c2`,
		"password":                  "POST " + collection + `/KEY/approve {"confirm":"canary-password"} -> 204`,
		"user":                      "POST " + collection + `/KEY/approve {"by":"canary-user"} -> 204`,
		"token":                     "POST " + collection + `/KEY/approve {"t":"canary-token-9931"} -> 204`,
		"bearer":                    "POST " + collection + `/KEY/approve -> 204 | Authorization: Bearer canary-bearer-token`,
		"bearer in another header":  "POST " + collection + `/KEY/approve -> 204 | X-Auth: canary-bearer-token | Authorization: Bearer canary-bearer-token`,
		"host in the body":          "POST " + collection + `/KEY/approve {"back":"https://canary-host.example:8111/x"} -> 204`,
		"host alone":                "POST " + collection + `/KEY/approve {"host":"canary-host"} -> 204`,
		"host in a header":          "POST " + collection + `/KEY/approve -> 204 | X-Forwarded-Server: canary-host.example | X-Back: canary-host.example | Referer: https://canary-host.example:8111/x`,
		"another consumer in a key": "POST " + collection + `/KEY/approve {"after":"0ther-canary-key"} -> 204`,
		"another consumer's name":   "POST " + collection + `/KEY/approve {"after":"Canary Consumer"} -> 204`,
		"another consumer's path":   "POST " + collection + `/0ther-canary-key/KEY/approve -> 204`,
		"secret in the query":       "POST " + collection + `/KEY/approve?s=SECRET1 -> 204`,
		"secret in the path":        "POST " + collection + `/KEY/SECRET1 -> 204`,
		"secret in a header":        "POST " + collection + `/KEY/approve -> 204 | X-Secret: SECRET1`,
		"key as a name":             "POST " + collection + `/approve {"KEY":true} -> 204`,
		"answer repeats it":         "POST " + collection + `/KEY/approve -> 200 {"KEY":{"name":"NAME1","approved":true},"session":"canary-session-1f3a09b7c2"}`,
		"stranger with it":          `POST /osmc/canary-session-1f3a09b7c2/0ther-canary-key/canary-user?x=canary-password {"of":"KEY"} -> 200`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := strings.NewReplacer("approve ", "disapprove ", "/approve?", "/disapprove?", "true", "false").Replace(line)
			if other == line {
				other = "POST " + collection + "/KEY/disapprove -> 204"
			}
			shape := plain(created, line, other, line, edits, removed)
			for _, browser := range browsers {
				if result := learnBytes(t, browser.write(t, withNoise(shape.requests()))); result.Profile == nil {
					t.Errorf("nothing is left:\n%s", result.Findings)
				}
			}
		})
	}
}

// FuzzPrivate puts any text into places of a recording as a cookie, a password
// and the name of another consumer: it does not come out.
func FuzzPrivate(f *testing.F) {
	f.Add("canary-session", "x-approve", 1)
	f.Add("a/b", "%61%2Fb", 2)
	f.Add("{\"x\":1}", "é ü", 3)
	f.Fuzz(func(t *testing.T, secret, member string, place int) {
		if !utf8.ValidString(secret) || !utf8.ValidString(member) {
			t.Skip("JSON has no such text")
		}
		// It is a text that nothing else in a profile or in findings holds.
		secret = "Zq9" + secret + "x7Qz"
		line := request{method: "POST", path: collection + "/" + testKey + "/approve", status: 204, headers: "Cookie: sid=" + strings.NewReplacer("\n", "", "\r", "", ";", "").Replace(secret)}
		switch place % 4 {
		case 0:
			line.path += "/" + url.PathEscape(secret)
		case 1:
			line.path += "?" + url.QueryEscape(member) + "=" + url.QueryEscape(secret)
		case 2:
			line.body = url.QueryEscape(secret) + "=" + url.QueryEscape(member)
		default:
			body, _ := json.Marshal(object{member: secret})
			line.body = string(body)
		}
		disapprove := request{method: "POST", path: collection + "/" + testKey + "/disapprove", status: 204}
		shape := plain(created)
		shape.steps = append(shape.steps, line, disapprove, line)
		others, _ := json.Marshal(object{"key": "k" + secret, "name": secret, "approved": true})
		shape.others = string(others)
		result := learnBytes(t, browsers[2].write(t, shape.requests()))
		if written := string(result.Profile) + result.Findings; strings.Contains(written, secret) || strings.Contains(written, url.PathEscape(secret)) || strings.Contains(written, url.QueryEscape(secret)) {
			t.Errorf("%q is written:\n%s", secret, written)
		}
	})
}

// FuzzLearn lets a recording hold anything: nothing panics, and what comes out is
// a valid profile.
func FuzzLearn(f *testing.F) {
	for _, shape := range shapes {
		f.Add(browsers[0].write(f, shape.requests())) // Small ones: large ones hardly change.
	}
	f.Add(browsers[0].write(f, signedIn(toSignIn+signInPage+posted+back, signOutLine, "")))
	f.Add([]byte(`{"log":{"entries":[{"request":{"method":"POST","url":"http://h/x","postData":{"text":"{\"name\":\"twcloud-learn\",\"secret\":\"twcloud-learn-secret-1\"}"}},"response":{"status":200,"content":{"text":"{\"key\":\"k\"}"}}}]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, err := har.Read(bytes.NewReader(content))
		if err != nil {
			return
		}
		if result := Learn(entries, Credentials{}); result.Profile != nil {
			if _, problems := profile.Parse(result.Profile); len(problems) > 0 {
				t.Fatalf("%v\n%s", problems, result.Profile)
			}
		}
	})
}
