package learn

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// recordings are what a real browser has recorded of the emulator's page, by
// dialect. `make recordings` makes them again.
func recordings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.har")
	if err != nil || len(files) < len(twcloudtest.Dialects()) {
		t.Fatalf("%d recordings for %d dialects, %v: run make recordings", len(files), len(twcloudtest.Dialects()), err)
	}
	return files
}

func learnFile(t *testing.T, file string) *Result {
	t.Helper()
	entries, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	return Learn(entries)
}

// newDialectServer starts a server that speaks the dialect of a recording.
func newDialectServer(t *testing.T, name string) *twcloudtest.Server {
	t.Helper()
	dialect := profile.BuiltIn()
	if name != "assumed" {
		var err error
		if dialect, err = twcloudtest.Dialect(name); err != nil {
			t.Fatal(err)
		}
	}
	return twcloudtest.New(t, func(c *twcloudtest.Config) { c.Profile, c.ValidateContract = dialect, false })
}

// A profile that is learned from a recording does all that the provider needs, on
// a server that speaks the dialect. Nothing private of the recording is written.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, file := range recordings(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".har")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := learnFile(t, file)
			if !result.Complete {
				t.Fatalf("the profile is not complete:\n%s", result.Findings)
			}
			learned, problems := profile.Parse(result.Profile)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			tryProfile(t, newDialectServer(t, name), learned)
			written := result.Findings + string(result.Profile)
			for _, private := range []string{"127.0.0.1", "admin-password", "YWRtaW46", firstSecret, secondSecret, "twc-rest-session-id", "Requirements", "consumer-1"} {
				if strings.Contains(written, private) {
					t.Errorf("%q is written", private)
				}
			}
			// The recording has them, or the test would prove nothing.
			content, err := os.ReadFile(file)
			for _, private := range []string{"127.0.0.1", firstSecret, "twc-rest-session-id"} {
				if err != nil || !bytes.Contains(content, []byte(private)) {
					t.Errorf("%q is not in the recording, %v", private, err)
				}
			}
			if t.Failed() {
				t.Log(written)
			}
		})
	}
}

// tryProfile does what the provider does.
func tryProfile(t *testing.T, server *twcloudtest.Server, learned *profile.Profile) {
	t.Helper()
	options := twcloud.NewOptions()
	options.Profile, options.RetryWaitMin, options.RetryWaitMax = learned, 0, 0
	options.Credentials = twcloud.BasicCredentials{Username: twcloudtest.AdminName, Password: twcloudtest.AdminPassword}
	var err error
	if options.Endpoint, err = url.Parse(server.URL()); err != nil {
		t.Fatal(err)
	}
	if options.WebAppEndpoint, err = url.Parse(server.WebAppURL()); err != nil {
		t.Fatal(err)
	}
	client, err := twcloud.New(options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx := t.Context()
	first, second := "s3cret&=\"/", "s4cret"
	keys := map[string]string{}
	for _, name := range []string{"a", "b & \"c\"/", "d", "e", "f"} {
		registration, err := client.Register(ctx, name, first)
		if err != nil || registration.Consumer.Name != name || registration.Consumer.Approved {
			t.Fatalf("register %q: %+v, %v", name, registration.Consumer, err)
		}
		keys[name] = registration.Consumer.Key
	}
	yes, no, renamed := true, false, "renamed"
	for _, changes := range []twcloud.Changes{
		{Approved: &yes, KnownSecret: &first},
		{Approved: &no, KnownSecret: &first},
		{Name: &renamed, KnownSecret: &first},
		{Secret: &second},
		{Approved: &yes, KnownSecret: &second},
	} {
		if _, err := client.Update(ctx, keys["a"], changes); err != nil {
			t.Fatalf("update %+v: %v", changes, err)
		}
	}
	want := twcloudtest.Consumer{Key: keys["a"], Name: renamed, Secret: second, Approved: true}
	if got, _ := server.Consumer(keys["a"]); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if err := client.Remove(ctx, keys["d"]); err != nil {
		t.Fatalf("remove: %v", err)
	}
	if listed, err := client.View().List(ctx); err != nil || len(listed) != 4 || len(server.Consumers()) != 4 {
		t.Fatalf("listed %v, %v", listed, err)
	}
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
	out := filepath.Join(dir, "profile.json")
	for name, test := range map[string]struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		"no arguments":    {nil, 0, "twcloud-learn-secret-1", ""},
		"help":            {[]string{"-h"}, 0, "Preserve log", ""},
		"to stdout":       {[]string{recording}, 0, `"calls"`, "The profile is complete"},
		"to a file":       {[]string{"-o", out, recording}, 0, "", "register"},
		"file afterwards": {[]string{recording, "-o", out + "2"}, 0, "", "Delete it"},
		"partial":         {[]string{write("partial.har", learned(toggle.requests()))}, 3, `"calls"`, "The profile is partial"},
		"two":             {[]string{"a", "b"}, 2, "", "Name one recording"},
		"unknown flag":    {[]string{"-x"}, 2, "", "usage"},
		"itself":          {[]string{"-o", recording, recording}, 2, "", "overwrite"},
		"no such file":    {[]string{filepath.Join(dir, "none.har")}, 1, "", "recording: no such file"},
		"a directory":     {[]string{dir}, 1, "", "recording: is a directory"},
		"not HAR":         {[]string{write("text.har", "<html>")}, 1, "", "Unable to read the recording"},
		"nothing":         {[]string{write("noise.har", learned(withNoise(nil)))}, 1, "", "No profile was written"},
		"not writable":    {[]string{"-o", filepath.Join(dir, "none", "p.json"), recording}, 1, "", "Unable to write the profile: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			status := Run(test.args, &stdout, &stderr)
			if status != test.status || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("status %d, want %d\n%s\n%s", status, test.status, stdout.String(), stderr.String())
			}
			if slices.Contains(test.args, out) {
				if written, err := os.ReadFile(out); err != nil || !bytes.Contains(written, []byte(`"calls"`)) {
					t.Errorf("written: %s, %v", written, err)
				}
			}
		})
	}
}

// A recording without one of the steps makes a partial profile that says what to
// record again.
func TestPartial(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{"remove": "DELETE", "approve": "PATCH"} {
		entries, err := read("testdata/assumed.har")
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			if entries[i].Method == method {
				entries[i].Method = "GET"
			}
		}
		result := Learn(entries)
		if result.Complete || !strings.Contains(result.Findings, name) || !strings.Contains(result.Findings, "record again") {
			t.Errorf("without %s: complete %t\n%s", method, result.Complete, result.Findings)
		}
	}
}
