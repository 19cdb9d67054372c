package learn

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

var update = flag.Bool("update", false, "write what is learned of each shape to testdata/shapes")

// What is learned of an API is the same for each browser, with or without 300
// other requests. The files in testdata/shapes have it word for word.
func TestShapes(t *testing.T) {
	t.Parallel()
	for name, shape := range allShapes() {
		_, wantPartial := partialShapes[name]
		file := filepath.Join("testdata", "shapes", strings.ReplaceAll(name, " ", "-")+".txt")
		for _, browser := range browsers {
			t.Run(name+"/"+browser.name, func(t *testing.T) {
				t.Parallel()
				result := learnBytes(t, browser.write(t, withNoise(shape.requests())))
				if result.Profile != nil {
					if _, problems := profile.Parse(result.Profile); len(problems) > 0 {
						t.Fatal(problems)
					}
				}
				if guessed := name == "list not loaded again"; result.Complete == (wantPartial || guessed) {
					t.Errorf("complete: %t", result.Complete)
				}
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
			})
		}
	}
}

// strippedReading is what only a recording without cookies adds.
const strippedReading = "  The recording has no cookies: the browser leaves them out. Whether a request repeats one cannot be seen.\n"

func learnBytes(t testing.TB, content []byte) *Result {
	t.Helper()
	entries, err := har.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return Learn(entries)
}
