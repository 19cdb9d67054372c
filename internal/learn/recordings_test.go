package learn

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// recordings are what a real browser has recorded of the emulator's page, by
// dialect. `make recordings` makes them again.
func recordings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.har")
	if err != nil || len(files) < len(emulator.Dialects()) {
		t.Fatalf("%d recordings for %d dialects, %v: run make recordings", len(files), len(emulator.Dialects()), err)
	}
	return files
}

// secrets are those of a session and of a sign-in in a recording.
var secrets = regexp.MustCompile(`(twc-rest-session-id|JSESSIONID|COOKIE|code|state|execution|_token|Bearer|Token|id_token)(?:=|\\":\\"| )([^;&"\\ ]{16,})`)

// A profile that is learned from a recording is complete. Each call is one that the
// browser made: it matches a request of the recording, and reads its response as a
// success. Nothing private of the recording is written. That the profile works is for
// TestAccLearned.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, file := range recordings(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := read(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		result := Learn(entries, Credentials{})
		written := result.Findings + string(result.Profile)
		learned, problems := profile.Parse(result.Profile)
		if len(problems) > 0 || !result.Complete {
			t.Fatalf("%s: complete: %t, %v\n%s", file, result.Complete, problems, written)
		}
		for name, call := range learned.Calls.All() {
			if !slices.ContainsFunc(entries, func(one har.Entry) bool { return made(learned, call, one) }) {
				t.Errorf("%s: the browser has not made the call %s", file, name)
			}
		}
		canaries := []string{"127.0.0.1", "admin-password", "YWRtaW46", firstSecret, secondSecret, "Requirements", "consumer-1"}
		kinds := map[string]bool{}
		for _, found := range secrets.FindAllSubmatch(content, -1) {
			kinds[string(found[1])] = true
			canaries = append(canaries, string(found[2]))
		}
		want := []string{"twc-rest-session-id"}
		if bytes.Contains(result.Profile, []byte(`"sign_in"`)) {
			want = []string{"JSESSIONID", "code", "state", "execution"}
		}
		for _, kind := range want {
			if !kinds[kind] {
				t.Errorf("%s: the recording has no %s", file, kind)
			}
		}
		for _, private := range canaries {
			if strings.Contains(written, private) {
				t.Errorf("%s: %q is written", file, private)
			}
		}
		// The recording has them, or the test would prove nothing.
		for _, private := range []string{"127.0.0.1", firstSecret} {
			if !bytes.Contains(content, []byte(private)) {
				t.Errorf("%s: %q is not in the recording", file, private)
			}
		}
	}
}

// Another consumer that is registered first, such as one with a mistyped name, is not
// taken for a sign-in, although the page has its secret in fields for passwords.
func TestRecordings_anotherConsumer(t *testing.T) {
	t.Parallel()
	keys := regexp.MustCompile(`[0-9a-f]{32}|\b[1-9][0-9]{6}\b`)
	for _, file := range recordings(t) {
		entries, err := read(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(entries, func(one har.Entry) bool { return bytes.Contains(one.RequestBody.Content, []byte(firstSecret)) })
		other := entries[at]
		other.RequestBody.Content = bytes.ReplaceAll(other.RequestBody.Content, []byte(firstName), []byte("canary-consumer"))
		other.ResponseBody.Content = keys.ReplaceAll(other.ResponseBody.Content, []byte("7654321"))
		other.ResponseHeaders = slices.Clone(other.ResponseHeaders)
		for i := range other.ResponseHeaders {
			other.ResponseHeaders[i].Value = keys.ReplaceAllString(other.ResponseHeaders[i].Value, "7654321")
		}
		want := Learn(entries, Credentials{}).Profile
		if got := Learn(slices.Insert(entries, at, other), Credentials{}); !bytes.Equal(got.Profile, want) {
			t.Errorf("%s:\n%s", file, got.Findings)
		}
	}
}

func made(learned *profile.Profile, call *profile.Call, one har.Entry) bool {
	header := func(pairs []har.Pair) http.Header {
		header := http.Header{}
		for _, pair := range pairs {
			header.Add(pair.Name, pair.Value)
		}
		return header
	}
	values, err := learned.Match(call, &profile.Request{
		Method: one.Method, Path: one.URL.EscapedPath(), Query: one.URL.Query(), Header: header(one.RequestHeaders), Body: one.RequestBody.Content,
	})
	if err != nil {
		return false
	}
	response := &profile.Response{Status: one.Status, Header: header(one.ResponseHeaders), Body: one.ResponseBody.Content}
	if location, err := url.Parse(response.Header.Get("Location")); err == nil {
		response.Location = location.EscapedPath()
	}
	succeeds, errSucceeds := learned.Succeeds(call, values.Key, response)
	_, errRead := learned.Read(call, response)
	return succeeds && errSucceeds == nil && errRead == nil
}

// The command writes the profile and the findings, and says by its exit status
// how far it got.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	learned := func(steps []request) string { return string(browsers[0].write(t, steps)) }
	recording, toggle := "testdata/wrapped.har", shapes["toggle"]
	out, kept := filepath.Join(dir, "profile.json"), write("kept.json", "kept")
	content, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args           []string
		stdin          string
		status         int
		stdout, stderr string
	}{
		"no arguments":     {status: 0, stdout: "twcloud-learn-secret-1"},
		"help":             {args: []string{"-h"}, stdout: "Preserve log"},
		"to stdout":        {args: []string{recording}, stdout: `"calls"`, stderr: "The profile is complete"},
		"named stdout":     {args: []string{"-o", "-", recording}, stdout: `"calls"`, stderr: "The profile is complete"},
		"from stdin":       {args: []string{"-"}, stdin: string(content), stdout: `"calls"`, stderr: "The profile is complete"},
		"to a file":        {args: []string{"-o", out, recording}, stderr: "The profile is in " + out + ".\n"},
		"file afterwards":  {args: []string{recording, "-o", out + "2"}, stderr: "Delete it"},
		"over a file":      {args: []string{"-o", kept, recording}, status: 1, stderr: "the file " + kept + " exists: name another one, or overwrite it with -force"},
		"over a folder":    {args: []string{"-o", dir, recording}, status: 1, stderr: dir + " is a folder"},
		"forced":           {args: []string{"-o", write("old.json", "old, and longer than nothing"), "-force", recording}, stderr: "The profile is in "},
		"partial":          {args: []string{write("partial.har", learned(toggle.requests()))}, status: 3, stdout: `"calls"`, stderr: "The profile is partial"},
		"two":              {args: []string{"a", "b"}, status: 2, stderr: `name one recording, not ["a" "b"]`},
		"none":             {args: []string{"-o", out}, status: 2, stderr: "name the recording"},
		"unknown flag":     {args: []string{"-x"}, status: 2, stderr: "not defined: -x.\nUsage"},
		"itself":           {args: []string{"-o", recording, recording}, status: 2, stderr: "overwrite the recording " + recording},
		"no such file":     {args: []string{filepath.Join(dir, "none.har")}, status: 1, stderr: filepath.Join(dir, "none.har") + ": no such file"},
		"a directory":      {args: []string{dir}, status: 1, stderr: dir + ": is a directory"},
		"not HAR":          {args: []string{write("text.har", "<html>")}, status: 1, stderr: "unable to read the recording " + filepath.Join(dir, "text.har")},
		"stdin is not HAR": {args: []string{"-"}, stdin: "<html>", status: 1, stderr: "unable to read the recording standard input"},
		"nothing":          {args: []string{write("noise.har", learned(withNoise(nil)))}, status: 1, stderr: "No profile was written"},
		"not writable":     {args: []string{"-o", filepath.Join(dir, "none", "p.json"), recording}, status: 1, stderr: filepath.Join(dir, "none", "p.json") + ": no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			status := Run(test.args, strings.NewReader(test.stdin), &stdout, &stderr)
			if status != test.status || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("status %d, want %d\n%s\n%s", status, test.status, stdout.String(), stderr.String())
			}
			if test.status == failed && strings.Contains(stderr.String(), "The profile is complete") {
				t.Errorf("there is no profile to use: %s", stderr.String())
			}
			if slices.Contains(test.args, out) && test.status == 0 {
				if written, err := os.ReadFile(out); err != nil || !bytes.Contains(written, []byte(`"calls"`)) {
					t.Errorf("written: %s, %v", written, err)
				}
			}
			if written, err := os.ReadFile(kept); err != nil || string(written) != "kept" {
				t.Errorf("overwritten with %s, %v", written, err)
			}
		})
	}

	unwritable, err := os.Open(kept)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unwritable.Close() })
	for _, args := range [][]string{{"-h"}, {recording}} {
		var stderr bytes.Buffer
		if status := Run(args, nil, unwritable, &stderr); status != 1 || !strings.Contains(stderr.String(), "to standard output: ") {
			t.Errorf("%q: status %d, printed %s", args, status, stderr.String())
		}
	}
}
