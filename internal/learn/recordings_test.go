package learn

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
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

func learnFile(t *testing.T, file string) *Result {
	t.Helper()
	entries, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	return Learn(entries)
}

// A profile that is learned from a recording is complete. Nothing private of the
// recording is written. That the profile works is for TestAccLearned.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, file := range recordings(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		result := learnFile(t, file)
		written := result.Findings + string(result.Profile)
		if _, problems := profile.Parse(result.Profile); len(problems) > 0 || !result.Complete {
			t.Errorf("%s: complete: %t, %v\n%s", file, result.Complete, problems, written)
		}
		session := regexp.MustCompile(`twc-rest-session-id=([^;"\\]{8,})`).FindSubmatch(content)
		if session == nil {
			t.Fatalf("%s: no session is in the recording", file)
		}
		for _, private := range []string{"127.0.0.1", "admin-password", "YWRtaW46", firstSecret, secondSecret, string(session[1]), "Requirements", "consumer-1"} {
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
